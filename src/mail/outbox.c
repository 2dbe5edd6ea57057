// See outbox.h.
#include "storefront/mail/outbox.h"

// The columns of sql/statements/claim_mails.sql.
enum {
    ID,
    LANGUAGE,
    ATTEMPTS,
    QUEUED_AT,
    CODE_ID,
    REGISTRATION_ID,
    EMAIL,
    NONCE,
    DIGITS,
    KEY_NUMBER,
    SECONDS_LEFT,
    IS_DEAD,
    WAITED_MS
};

static struct outbox_mail read_mail(const struct rows *rows, size_t row)
{
    return (struct outbox_mail){
        .id = rows_text(rows, row, ID),
        .language = rows_text(rows, row, LANGUAGE),
        .attempts = rows_number(rows, row, ATTEMPTS),
        .queued_at = rows_number(rows, row, QUEUED_AT),
        .facts = {.code_id = rows_text(rows, row, CODE_ID),
                  .registration_id = rows_text(rows, row, REGISTRATION_ID),
                  .email = rows_text(rows, row, EMAIL),
                  .nonce = rows_text(rows, row, NONCE),
                  .digits = rows_number(rows, row, DIGITS),
                  .key_number = rows_number(rows, row, KEY_NUMBER)},
        .seconds_left = rows_number(rows, row, SECONDS_LEFT),
        .is_dead = rows_switch(rows, row, IS_DEAD),
        .waited_ms = rows_number(rows, row, WAITED_MS),
    };
}

bool outbox_claim(struct database *database, struct arena *arena, int64_t lease, struct outbox_claim *claim)
{
    struct rows rows;
    const struct parameter parameters[] = {parameter_number((int64_t)OUTBOX_CLAIM_MAXIMUM),
                                           parameter_number(lease)};
    database_grant_time(database);
    claim->count = 0;
    if (database_run(database, arena, STATEMENT_CLAIM_MAILS, parameters, 2, &rows) != DATABASE_DONE) {
        return false;
    }
    for (size_t row = 0; row < rows.count && row < OUTBOX_CLAIM_MAXIMUM; row++) {
        claim->mails[claim->count++] = read_mail(&rows, row);
    }
    return true;
}

static bool settle(struct database *database, struct arena *arena, enum statement statement,
                   const struct parameter *parameters, size_t count)
{
    database_grant_time(database);
    return database_run(database, arena, statement, parameters, count, NULL) == DATABASE_DONE;
}

bool outbox_hand_over(struct database *database, struct arena *arena, struct text id)
{
    const struct parameter parameters[] = {parameter_bytes(id)};
    return settle(database, arena, STATEMENT_HAND_OVER_MAIL, parameters, 1);
}

bool outbox_defer(struct database *database, struct arena *arena, struct text id, int64_t seconds,
                  struct text reason)
{
    const struct parameter parameters[] = {parameter_bytes(id), parameter_number(seconds),
                                           parameter_bytes(reason)};
    return settle(database, arena, STATEMENT_DEFER_MAIL, parameters, 3);
}

bool outbox_drop(struct database *database, struct arena *arena, struct text id)
{
    const struct parameter parameters[] = {parameter_bytes(id), parameter_bytes(TEXT("dropped")),
                                           parameter_bytes(TEXT("its code was dead"))};
    return settle(database, arena, STATEMENT_SETTLE_MAIL, parameters, 3);
}

bool outbox_refuse(struct database *database, struct arena *arena, struct text id, struct text reason)
{
    const struct parameter parameters[] = {parameter_bytes(id), parameter_bytes(TEXT("refused")),
                                           parameter_bytes(reason)};
    return settle(database, arena, STATEMENT_SETTLE_MAIL, parameters, 3);
}
