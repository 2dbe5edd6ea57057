// See account.h.
#include "storefront/account/account.h"
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/security/secret.h"

#include <string.h>

void account_begin(struct account *account)
{
    database_grant_time(account->database);
}

int64_t account_waited(const struct account *account)
{
    return database_waited(account->database);
}

struct database_figures account_figures(const struct account *account)
{
    return database_figures(account->database);
}

struct hashing account_begin_hashing(void)
{
    return (struct hashing){.begun = clock_monotonic(), .processor_time = clock_processor()};
}

void account_end_hashing(struct account *account, struct hashing hashing)
{
    account->hash_time += clock_monotonic() - hashing.begun;
    account->hash_processor_time += clock_processor() - hashing.processor_time;
}

bool account_is_ready(struct account *account)
{
    struct rows rows;
    return database_check(account->database) &&
           database_run(account->database, account->arena, STATEMENT_CHECK_HEALTH, NULL, 0, &rows) ==
               DATABASE_DONE &&
           rows_switch(&rows, 0, 0);
}

void field_errors_add(struct field_errors *errors, const char *field, const char *phrase)
{
    if (errors->count < FIELD_ERRORS_MAXIMUM) {
        errors->items[errors->count++] = (struct field_error){field, phrase};
    }
}

enum outcome account_outcome(enum database_outcome outcome)
{
    return outcome == DATABASE_DONE ? OUTCOME_DONE : OUTCOME_UNAVAILABLE;
}

struct text account_new_id(struct account *account)
{
    unsigned char *id = arena_take(account->arena, ACCOUNT_ID_SIZE);
    if (id == NULL || !secret_random(id, ACCOUNT_ID_SIZE)) {
        // An id that is not random must not be used: the failed arena keeps every statement from running.
        arena_fail(account->arena);
        return (struct text){NULL, 0};
    }
    id[6] = (unsigned char)((id[6] & 0x0f) | 0x40);
    id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
    return text_of(id, ACCOUNT_ID_SIZE);
}

struct text account_id_text(struct arena *arena, struct text id)
{
    struct text digits = encode_hexadecimal(arena, id);
    const struct text parts[] = {text_cut(digits, 0, 8),  TEXT("-"), text_cut(digits, 8, 4),  TEXT("-"),
                                 text_cut(digits, 12, 4), TEXT("-"), text_cut(digits, 16, 4), TEXT("-"),
                                 text_after(digits, 20)};
    return text_join(arena, parts, sizeof parts / sizeof *parts);
}
