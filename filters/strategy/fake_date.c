#include "filters/strategy/fake_kinds.h"

#include <stdio.h>
#include <string.h>

/* Dates of our time go back by two hundred years and a little: nobody lives who was born then, and what is between two dates
 * of one subject stays what it is. */
#define YEARS_BACK_DAYS 73049
#define OFFSETS         366
#define OUR_FIRST       1698
#define OUR_LAST        1899
#define FIRST           1900
#define LAST            2099
#define TAIL_MAX        40

/* How a date is written: the places of year, month and day among its three numbers, and what stands between. */
struct date_form {
    char order[4]; /* of 'y', 'm', 'd' */
    char between;  /* 0: nothing, and each number has all its digits */
};

static const struct date_form forms[] = {
    {"ymd", '-'}, {"ymd", '/'}, {"ymd", '.'}, {"dmy", '.'},
    {"dmy", '-'}, {"mdy", '/'}, {"dmy", '/'}, {"ymd", 0},
};

struct date {
    unsigned year, month, day;
    struct bytes tail; /* the time of day */
};

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* What may follow: a time of day, a zone. */
static bool is_tail(struct bytes text)
{
    if (text.size == 0)
        return true;
    if (text.size > TAIL_MAX || (text.data[0] != 'T' && text.data[0] != 't' && text.data[0] != ' '))
        return false;
    for (size_t i = 1; i < text.size; i++)
        if (text.data[i] == 0 || !strchr("0123456789:.,+-Zz ", text.data[i]))
            return false;
    return true;
}

/* Reads a number of |digits| digits, or where that is 0 of one or two. */
static bool take_number(struct bytes *rest, unsigned digits, unsigned *ret_number)
{
    unsigned most = digits ? digits : 2, count = 0;
    *ret_number = 0;
    while (count < most && count < rest->size && rest->data[count] >= '0' && rest->data[count] <= '9')
        *ret_number = *ret_number * 10 + (rest->data[count++] - '0');
    *rest = bytes_make(rest->data + count, rest->size - count);
    return digits ? count == digits : count > 0;
}

static bool read_as(const struct date_form *form, struct bytes value, struct date *ret_date)
{
    struct bytes rest = value;
    for (unsigned i = 0; i < 3; i++) {
        unsigned number, digits = form->order[i] == 'y' ? 4 : form->between ? 0 : 2;
        if (i > 0 && form->between) {
            if (rest.size == 0 || rest.data[0] != form->between)
                return false;
            rest = bytes_make(rest.data + 1, rest.size - 1);
        }
        if (!take_number(&rest, digits, &number))
            return false;
        *(form->order[i] == 'y'   ? &ret_date->year
          : form->order[i] == 'm' ? &ret_date->month
                                  : &ret_date->day) = number;
    }
    ret_date->tail = rest;
    return ret_date->year >= OUR_FIRST && ret_date->year <= LAST && ret_date->month >= 1 &&
           ret_date->month <= 12 && ret_date->day >= 1 &&
           ret_date->day <= days_in(ret_date->year, ret_date->month) && is_tail(rest);
}

/* Returns the form of |value|, NULL where it is no date. */
static const struct date_form *read_date(struct bytes value, struct date *ret_date)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (read_as(&forms[i], value, ret_date))
            return &forms[i];
    return NULL;
}

/* Moves |date| back by |days|. */
static void move_back(struct date *date, unsigned days)
{
    while (days >= date->day) {
        days -= date->day;
        date->month = date->month > 1 ? date->month - 1 : 12;
        date->year -= date->month == 12;
        date->day = days_in(date->year, date->month);
    }
    date->day -= days;
}

static void put_date(const struct date_form *form, const struct date *date, struct bytes like,
                     struct buffer *out)
{
    /* With all its digits where the date was written so. */
    bool padded = !form->between || like.size - date->tail.size == 10;
    for (unsigned i = 0; i < 3; i++) {
        unsigned number = form->order[i] == 'y'   ? date->year
                          : form->order[i] == 'm' ? date->month
                                                  : date->day;
        if (i > 0 && form->between)
            buffer_append_byte(out, (uint8_t)form->between);
        buffer_printf(out, padded ? "%02u" : "%u", number);
    }
    buffer_append_bytes(out, date->tail);
}

bool fake_date_make(const struct keys *keys, struct bytes value, struct bytes subject, struct buffer *out)
{
    struct date date;
    const struct date_form *form = read_date(value, &date);
    if (!form || date.year < FIRST)
        return false;
    /* A date of nobody known moves by itself: by its day alone, however it is written. */
    char day[32];
    int size = snprintf(day, sizeof day, "%u-%u-%u", date.year, date.month, date.day);
    if (subject.size == 0)
        subject = bytes_make(day, (size_t)size);
    struct fake_draw draw = fake_draw_begin(keys, FAKE_DATE, subject);
    move_back(&date, YEARS_BACK_DAYS + 1 + (unsigned)fake_draw(&draw, OFFSETS));
    put_date(form, &date, value, out);
    return true;
}

bool fake_date_is(struct bytes value)
{
    struct date date;
    return read_date(value, &date) && date.year <= OUR_LAST;
}
