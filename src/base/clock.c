// See clock.h. Dates are written by hand from struct tm: strftime follows the locale, a mail's Date must not.
#include "storefront/base/clock.h"

#include <time.h>

#define MICROSECONDS 1000000

int64_t clock_monotonic(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

int64_t clock_processor(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

int64_t clock_seconds(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t clock_milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add_padded(struct buffer *buffer, int number)
{
    const char digits[] = {(char)('0' + number / 10), (char)('0' + number % 10)};
    buffer_add(buffer, text_of(digits, sizeof digits));
}

static void add_time_of_day(struct buffer *buffer, const struct tm *time)
{
    add_padded(buffer, time->tm_hour);
    buffer_add_byte(buffer, ':');
    add_padded(buffer, time->tm_min);
    buffer_add_byte(buffer, ':');
    add_padded(buffer, time->tm_sec);
}

struct text clock_rfc3339(struct arena *arena, int64_t seconds)
{
    const size_t longest = 32;
    struct buffer buffer = buffer_open(arena, longest);
    struct tm time = {0};
    (void)gmtime_r(&(time_t){seconds}, &time);
    buffer_add_number(&buffer, time.tm_year + 1900);
    buffer_add_byte(&buffer, '-');
    add_padded(&buffer, time.tm_mon + 1);
    buffer_add_byte(&buffer, '-');
    add_padded(&buffer, time.tm_mday);
    buffer_add_byte(&buffer, 'T');
    add_time_of_day(&buffer, &time);
    buffer_add_byte(&buffer, 'Z');
    return buffer_text(&buffer);
}

struct text clock_rfc5322(struct arena *arena, int64_t seconds)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const size_t longest = 40;
    struct buffer buffer = buffer_open(arena, longest);
    struct tm time = {0};
    (void)gmtime_r(&(time_t){seconds}, &time);
    buffer_add(&buffer, text_of(days + 3 * (size_t)time.tm_wday, 3));
    buffer_add(&buffer, TEXT(", "));
    add_padded(&buffer, time.tm_mday);
    buffer_add_byte(&buffer, ' ');
    buffer_add(&buffer, text_of(months + 3 * (size_t)time.tm_mon, 3));
    buffer_add_byte(&buffer, ' ');
    buffer_add_number(&buffer, time.tm_year + 1900);
    buffer_add_byte(&buffer, ' ');
    add_time_of_day(&buffer, &time);
    buffer_add(&buffer, TEXT(" +0000"));
    return buffer_text(&buffer);
}
