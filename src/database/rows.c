// See database.h. What goes into a statement and what comes out of it; needs no connection. Numbers come in
// network byte order, as wide as their column.
#include "storefront/database/database.h"

struct parameter parameter_bytes(struct text bytes)
{
    return (struct parameter){.kind = PARAMETER_BYTES, .bytes = bytes};
}

struct parameter parameter_number(int64_t number)
{
    return (struct parameter){.kind = PARAMETER_NUMBER, .number = number};
}

struct parameter parameter_switch(bool on)
{
    return (struct parameter){.kind = PARAMETER_SWITCH, .number = on};
}

struct parameter parameter_nothing(void)
{
    return (struct parameter){.kind = PARAMETER_NOTHING};
}

static struct text cell(const struct rows *rows, size_t row, size_t column)
{
    if (row >= rows->count || column >= rows->columns) {
        return (struct text){NULL, 0};
    }
    return rows->cells[row * rows->columns + column];
}

struct text rows_text(const struct rows *rows, size_t row, size_t column)
{
    return cell(rows, row, column);
}

int64_t rows_number(const struct rows *rows, size_t row, size_t column)
{
    struct text bytes = cell(rows, row, column);
    if (bytes.length == 0 || bytes.length > sizeof(int64_t)) {
        return 0;
    }
    // The first byte carries the sign, whatever the width.
    uint64_t number = (unsigned char)bytes.bytes[0] >> 7 != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.length; i++) {
        number = number << 8 | (unsigned char)bytes.bytes[i];
    }
    return (int64_t)number;
}

int64_t rows_time(const struct rows *rows, size_t row, size_t column)
{
    // PostgreSQL counts from the year 2000.
    const int64_t epoch = (int64_t)946684800 * 1000000;
    return rows_is_nothing(rows, row, column) ? 0 : rows_number(rows, row, column) + epoch;
}

bool rows_switch(const struct rows *rows, size_t row, size_t column)
{
    struct text bytes = cell(rows, row, column);
    return bytes.length == 1 && bytes.bytes[0] == 1;
}

bool rows_is_nothing(const struct rows *rows, size_t row, size_t column)
{
    return cell(rows, row, column).bytes == NULL;
}
