// storefront-mail --test ADDRESS: hands one mail like a customer's, with a code that opens nothing, to the
// mail server, and says on standard output what became of it. Needs neither database nor keys.
#include "storefront/base/clock.h"
#include "storefront/mail/delivery.h"
#include "storefront/mail/message.h"
#include "storefront/program/program.h"
#include "storefront/security/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define ID_SIZE      ((size_t)16)
#define SAMPLE_CODE  "0000"
#define MILLISECOND  1000
#define WORDS_ENOUGH ((size_t)4096)

static struct text write_sample(struct program *program, const struct view *view, struct text recipient)
{
    const struct languages *languages = view_languages(view);
    struct buffer message = buffer_open(program->arena, MESSAGE_MAXIMUM);
    unsigned char *id = arena_take(program->arena, ID_SIZE);
    if (id == NULL || !secret_random(id, ID_SIZE)) {
        return (struct text){NULL, 0};
    }
    const struct code_message content = {
        .id = text_of(id, ID_SIZE),
        .recipient = recipient,
        .code = TEXT(SAMPLE_CODE),
        .minutes = program->settings.otp_minutes,
        .written_at = clock_seconds(),
    };
    message_write_code(view, &program->settings, languages_find(languages, program->settings.shop_language),
                       &content, &message);
    return message.overflowed || arena_failed(program->arena) ? (struct text){NULL, 0}
                                                              : buffer_text(&message);
}

static int tell(struct program *program, enum delivery_outcome outcome, struct text reason,
                int64_t microseconds)
{
    struct buffer out = buffer_open(program->arena, WORDS_ENOUGH);
    buffer_add(&out, program->settings.smtp_url);
    buffer_add(&out, outcome == DELIVERY_TAKEN ? TEXT(" took the mail from ")
                                               : TEXT(" did not take the mail from "));
    buffer_add(&out, program->settings.mail_sender);
    buffer_add(&out, TEXT(" after "));
    buffer_add_number(&out, microseconds / MILLISECOND);
    buffer_add(&out, TEXT(" ms"));
    buffer_add(
        &out,
        outcome == DELIVERY_TAKEN
            ? TEXT(
                  ".\nLook where it lands. Among the spam: check SPF, DKIM and DMARC of the sender's domain.\n")
            : TEXT(": "));
    buffer_add(&out, reason);
    buffer_add(&out, outcome == DELIVERY_TAKEN ? TEXT("") : TEXT("\n"));
    int status = program_print(&out);
    return outcome == DELIVERY_TAKEN ? status : EXIT_FAILURE;
}

static int send_sample(struct program *program, struct text recipient)
{
    const struct view_settings settings = {.settings = &program->settings,
                                           .folder = "mail",
                                           .templates = message_templates,
                                           .common_names = message_names,
                                           .phrases = message_phrases};
    const struct view *view = view_open(program->arena, &settings);
    struct delivery *delivery = view == NULL ? NULL : delivery_open(program->arena, &program->settings);
    struct text message = delivery == NULL ? (struct text){NULL, 0} : write_sample(program, view, recipient);
    int status = EXIT_FAILURE;
    if (message.length > 0) {
        struct text reason = {NULL, 0};
        int64_t begun = clock_monotonic();
        enum delivery_outcome outcome = delivery_send(delivery, program->arena, recipient, message, &reason);
        status = tell(program, outcome, reason, clock_monotonic() - begun);
    }
    delivery_close(&delivery);
    return status;
}

int send_test(const char *recipient)
{
    struct program program;
    int status = EXIT_FAILURE;
    if (program_start(&program, "storefront-mail", false)) {
        status = send_sample(&program, text_from(recipient));
    }
    program_end(&program);
    return status;
}
