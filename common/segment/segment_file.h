/* One segment file, opened for reading: its header and where its blocks stand, from its index or by scanning.
 * Blocks are read one at a time; the file is opened for each read, so that thousands of segments need no
 * descriptors (one that is still being written is kept open, as its name will change). */
#ifndef COMMON_SEGMENT_SEGMENT_FILE_H
#define COMMON_SEGMENT_SEGMENT_FILE_H

#include "common/segment/block.h"

#define SEGMENT_SUFFIX      ".seg"
#define SEGMENT_OPEN_SUFFIX ".seg.part"

/* A range of a file that is not what it should be. */
struct segment_damage {
    uint64_t offset;
    uint64_t bytes;
    const char *what; /* static text */
};
#define SEGMENT_DAMAGE_MAX 64

struct segment_file {
    char *path;
    int fd;      /* -1 where the file is opened for each read */
    bool sealed; /* ends with a footer and index that hold */
    bool part;   /* carries the name of an open segment */
    uint64_t size;
    struct segment_header header;
    struct format_entry *entries; /* owned, in order of the file */
    size_t entry_count;
    uint64_t record_count;
    uint64_t tail_offset; /* of a block that was not written to its end, |tail_bytes| long; 0: none */
    uint64_t tail_bytes;
    uint64_t damage_count; /* ranges found by opening; the first ones are listed */
    uint64_t damage_bytes;
    uint64_t gap_count; /* those of them that are not header or index: blocks were lost there */
    uint64_t gap_bytes;
    struct segment_damage damage[SEGMENT_DAMAGE_MAX];
};

/* Opens |path|; a name of an open segment that has been sealed since is found under its new name. Damage
 * inside the file is no failure; ERROR_DATA where it is not a segment, of an unknown version, or its header
 * is lost; ERROR_IO where it cannot be read. */
int segment_file_open(const char *path, struct segment_file *ret_file, struct error *err);
void segment_file_close(struct segment_file *file);

/* Adds the servers that the records of |file| came from. Returns false where its end does not say it: it is open, or its writer did not
 * know, or they were too many. */
bool segment_file_origins(struct segment_file *file, struct origins *origins);

/* What blocks are read with; zero-initialised by segment_reader_init. */
struct segment_reader {
    void *context;        /* ZSTD_DCtx */
    struct buffer stored; /* scratch */
    struct block_pause pause;
};
void segment_reader_init(struct segment_reader *reader);
void segment_reader_done(struct segment_reader *reader);

/* Reads and checks metadata (or payload) of block |index| into |ret_raw|. Return false where it is damaged. */
bool segment_file_meta(struct segment_file *file, size_t index, struct segment_reader *reader,
                       struct buffer *ret_raw, struct format_block *ret_block);
bool segment_file_payload(struct segment_file *file, size_t index, struct segment_reader *reader,
                          struct buffer *ret_raw);
/* Checks the copy of the header that a sealed file keeps at its end, and the header at its beginning. Returns
 * NULL where both hold, else what is wrong (static text). */
const char *segment_file_check_headers(struct segment_file *file);

/* The segments of a folder: full paths in order of name, without repetition. */
struct segment_list {
    char **paths;
    size_t count;
    size_t foreign_count; /* other visible entries */
    char *foreign;        /* name of one of them */
};

/* Lists the segments of folder |path|; a path of a file is a list of itself. */
int segment_list_read(const char *path, struct segment_list *ret_list, struct error *err);
void segment_list_free(struct segment_list *list);

#endif
