// See outbox.h.
#include "storefront/mail/outbox.h"
#include "storefront/base/encode.h"

#define VERDICT_MAXIMUM ((size_t)1024) // bytes of one as JSON

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

bool outbox_claim(struct database *database, struct arena *arena, size_t most, int64_t lease,
                  struct outbox_claim *claim)
{
    struct rows rows;
    most = most < OUTBOX_CLAIM_MAXIMUM ? most : OUTBOX_CLAIM_MAXIMUM;
    const struct parameter parameters[] = {parameter_number((int64_t)most), parameter_number(lease)};
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

static void add_verdict(struct buffer *out, const struct outbox_verdict *verdict)
{
    static const char *const states[] = {[OUTBOX_QUEUED] = "queued",
                                         [OUTBOX_SENT] = "sent",
                                         [OUTBOX_DROPPED] = "dropped",
                                         [OUTBOX_REFUSED] = "refused"};
    buffer_add(out, TEXT("{\"id\":\""));
    buffer_add(out, encode_hexadecimal(out->arena, verdict->id));
    buffer_add(out, TEXT("\",\"state\":\""));
    buffer_add(out, text_from(states[verdict->state]));
    buffer_add(out, TEXT("\",\"attempts\":"));
    buffer_add_number(out, verdict->attempts);
    buffer_add(out, TEXT(",\"seconds\":"));
    buffer_add_number(out, verdict->seconds);
    if (verdict->reason.length > 0) {
        buffer_add(out, TEXT(",\"reason\":"));
        buffer_add_json_string(out, verdict->reason);
    }
    buffer_add(out, TEXT("}"));
}

bool outbox_settle(struct database *database, struct arena *arena, const struct outbox_verdict *verdicts,
                   size_t count)
{
    struct buffer list = buffer_open(arena, (count + 1) * VERDICT_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        buffer_add(&list, i == 0 ? TEXT("[") : TEXT(","));
        add_verdict(&list, &verdicts[i]);
    }
    buffer_add(&list, TEXT("]"));
    const struct parameter parameters[] = {parameter_bytes(buffer_text(&list))};
    database_grant_time(database);
    return !list.overflowed &&
           database_run(database, arena, STATEMENT_SETTLE_MAILS, parameters, 1, NULL) == DATABASE_DONE;
}
