#include "replay/comparing.h"

#include "filters/policy/policy_yaml.h"

#include <string.h>

static int read_policy(struct comparing *comparing, const struct segment_header *header, struct error *err)
{
    comparing->settings.policy = policy_builtin();
    if (!header->sanitized ||
        memcmp(header->policy_hash, policy_hash(comparing->settings.policy), SEGMENT_HASH_SIZE) == 0)
        return 0;
    if (!header->policy)
        return error_set(err, ERROR_DATA, "the traffic does not say under which policy it was recorded");
    if (policy_yaml_read("the policy of the traffic", bytes_of(header->policy), &comparing->policy, err) != 0)
        return -1;
    comparing->settings.policy = comparing->policy;
    return 0;
}

static int choose_keys(struct comparing *comparing, const struct segment_header *header, const char *key_file,
                       struct error *err)
{
    comparing->settings.sensitive = CONTENT_BY_PSEUDONYM;
    if (!header->sanitized) {
        if (key_file)
            return error_set(err, ERROR_USAGE,
                             "--key-file: the traffic was recorded with --unsanitized, under no key");
        comparing->keys = keys_random();
        return 0;
    }
    if (!key_file) {
        comparing->settings.sensitive = CONTENT_BY_PRESENCE;
        comparing->keys = keys_of_recognition(header->recognition_key);
        return 0;
    }
    if (keys_load(key_file, &comparing->keys, err) != 0)
        return error_prefix(err, "--key-file");
    if (memcmp(keys_id(comparing->keys), header->key_id, SEGMENT_KEY_ID_SIZE) != 0)
        return error_set(err, ERROR_USAGE,
                         "--key-file: this is not the key that the traffic was recorded under");
    return 0;
}

int comparing_init(struct comparing *comparing, const struct segment_header *header, const char *key_file,
                   struct error *err)
{
    if (choose_keys(comparing, header, key_file, err) != 0 || read_policy(comparing, header, err) != 0) {
        comparing_done(comparing);
        return -1;
    }
    comparing->settings.keys = comparing->keys;
    comparing->settings.unsanitized = !header->sanitized;
    comparing->settings.policy_hash = header->policy_hash;
    comparing->settings.recognition_key = header->recognition_key;
    return 0;
}

void comparing_done(struct comparing *comparing)
{
    policy_free(comparing->policy);
    keys_free(comparing->keys);
    *comparing = (struct comparing){0};
}
