// storefront-mail: takes mails from the outbox and hands them to the mail server, for as long as it runs. Any
// number of them may run at once.
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/base/log.h"
#include "storefront/base/metrics.h"
#include "storefront/mail/delivery.h"
#include "storefront/mail/message.h"
#include "storefront/mail/outbox.h"
#include "storefront/program/program.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_MAXIMUM ((size_t)16 * 1024 * 1024)
#define MINUTE        60
#define MICROSECONDS  1000000
#define MILLISECOND   1000
#define FIRST_DELAY   2   // seconds; grows with the square of the attempts
#define LONGEST_DELAY 300 // seconds
#define LEASE_MARGIN  10  // seconds

// What became of a mail; counted under these words.
enum fate { FATE_SENT, FATE_REFUSED, FATE_PUT_OFF, FATE_DROPPED, FATES };

static const char *const fates[FATES] = {
    [FATE_SENT] = "storefront_mails_total{outcome=\"sent\"}",
    [FATE_REFUSED] = "storefront_mails_total{outcome=\"refused\"}",
    [FATE_PUT_OFF] = "storefront_mails_total{outcome=\"put_off\"}",
    [FATE_DROPPED] = "storefront_mails_total{outcome=\"dropped\"}",
};

struct mailer {
    const struct settings *settings;
    struct database *database;
    struct keyring *keyring;
    const struct view *view;
    struct delivery *delivery;
    struct arena *arena; // emptied after each round
    struct metrics *metrics;
    size_t counters[FATES];
    struct metrics_histogram delay;
    int64_t claimed_at; // monotonic
};

static volatile sig_atomic_t is_stopping;

static void on_stop(int signal_number)
{
    (void)signal_number;
    is_stopping = 1;
}

static int64_t delay_after(int64_t attempts)
{
    int64_t delay = FIRST_DELAY * attempts * attempts;
    return delay > LONGEST_DELAY ? LONGEST_DELAY : delay;
}

static size_t language_of(const struct mailer *mailer, struct text tag)
{
    const struct languages *languages = view_languages(mailer->view);
    size_t language = languages_find(languages, tag);
    return language < languages_count(languages)
               ? language
               : languages_choose(languages, mailer->settings->shop_language);
}

// Writes the mail with its code, which is derived here and lives no longer than the arena.
static struct text write_mail(struct mailer *mailer, const struct outbox_mail *mail)
{
    struct buffer message = buffer_open(mailer->arena, MESSAGE_MAXIMUM);
    char *digits = arena_take(mailer->arena, CODE_DIGITS_MAXIMUM);
    if (digits == NULL || !code_derive(mailer->keyring, &mail->facts, digits)) {
        return (struct text){NULL, 0};
    }
    const struct code_message content = {
        .id = mail->id,
        .recipient = mail->facts.email,
        .code = text_of(digits, (size_t)mail->facts.digits),
        .minutes = mail->seconds_left < MINUTE ? 1 : mail->seconds_left / MINUTE,
        .written_at = mail->queued_at,
    };
    message_write_code(mailer->view, mailer->settings, language_of(mailer, mail->language), &content,
                       &message);
    return message.overflowed || arena_failed(mailer->arena) ? (struct text){NULL, 0} : buffer_text(&message);
}

static void tell(struct mailer *mailer, const struct outbox_mail *mail, enum fate fate, struct text reason)
{
    static const char *const events[FATES] = {[FATE_SENT] = "mail handed over",
                                              [FATE_REFUSED] = "mail refused",
                                              [FATE_PUT_OFF] = "mail put off",
                                              [FATE_DROPPED] = "mail dropped"};
    struct arena *arena = mailer->arena;
    int64_t passed = clock_monotonic() - mailer->claimed_at + mail->waited_ms * MILLISECOND;
    metrics_add(mailer->metrics, mailer->counters[fate], 1);
    if (fate == FATE_SENT) {
        metrics_observe(mailer->metrics, &mailer->delay, passed);
    }
    log_event(reason.length == 0 ? LOG_INFO : LOG_WARNING, events[fate],
              LOG_TEXT("mail", encode_hexadecimal(arena, mail->id)), LOG_NUMBER("attempts", mail->attempts),
              LOG_NUMBER("milliseconds", passed / MILLISECOND), LOG_TEXT("reason", reason));
}

// Sends one mail. False when the mail server is away, so that the others need not try.
static bool send_mail(struct mailer *mailer, const struct outbox_mail *mail)
{
    struct text reason = {NULL, 0};
    struct text message = write_mail(mailer, mail);
    enum delivery_outcome outcome = DELIVERY_LATER;
    if (message.length > 0) {
        outcome = delivery_send(mailer->delivery, mailer->arena, mail->facts.email, message, &reason);
    } else {
        reason = TEXT("it could not be written: no such key, or no memory");
    }
    switch (outcome) {
    case DELIVERY_TAKEN:
        tell(mailer, mail, FATE_SENT, reason);
        return outbox_hand_over(mailer->database, mailer->arena, mail->id);
    case DELIVERY_REFUSED:
        tell(mailer, mail, FATE_REFUSED, reason);
        return outbox_refuse(mailer->database, mailer->arena, mail->id, reason);
    case DELIVERY_LATER:
    case DELIVERY_AWAY:
        tell(mailer, mail, FATE_PUT_OFF, reason);
        return outbox_defer(mailer->database, mailer->arena, mail->id, delay_after(mail->attempts), reason) &&
               outcome == DELIVERY_LATER;
    }
    return false;
}

// Works off one claim; mails for which the lease gets short are left to whoever claims them next, and those
// that are left when the mailer is to stop are given back.
static void send_claim(struct mailer *mailer, const struct outbox_claim *claim)
{
    bool is_away = false;
    mailer->claimed_at = clock_monotonic();
    for (size_t i = 0; i < claim->count; i++) {
        const struct outbox_mail *mail = &claim->mails[i];
        if (clock_monotonic() - mailer->claimed_at >
            (mailer->settings->smtp_timeout_seconds + LEASE_MARGIN / 2) * MICROSECONDS) {
            return;
        }
        if (is_stopping != 0) {
            (void)outbox_defer(mailer->database, mailer->arena, mail->id, 0, TEXT("the mailer was stopped"));
        } else if (mail->is_dead) {
            tell(mailer, mail, FATE_DROPPED, (struct text){NULL, 0});
            (void)outbox_drop(mailer->database, mailer->arena, mail->id);
        } else if (is_away) {
            (void)outbox_defer(mailer->database, mailer->arena, mail->id, delay_after(mail->attempts),
                               TEXT("the mail server is away"));
        } else {
            is_away = !send_mail(mailer, mail);
        }
    }
}

static void run(struct mailer *mailer)
{
    const int64_t lease = 2 * mailer->settings->smtp_timeout_seconds + LEASE_MARGIN;
    while (is_stopping == 0) {
        struct outbox_claim claim = {.count = 0};
        bool is_claimed = outbox_claim(mailer->database, mailer->arena, lease, &claim);
        if (is_claimed) {
            send_claim(mailer, &claim);
        }
        arena_empty(mailer->arena);
        // Without anything to do, and also without a database, there is time for a pause.
        if (claim.count == 0 && is_stopping == 0) {
            (void)poll(NULL, 0, (int)mailer->settings->mail_poll_ms);
        }
    }
}

static bool open_mailer(struct program *program, struct mailer *mailer)
{
    const struct view_settings view = {.settings = &program->settings,
                                       .folder = "mail",
                                       .templates = message_templates,
                                       .common_names = message_names};
    char *key_file = text_string(program->arena, program->settings.secret_key_file);
    mailer->settings = &program->settings;
    mailer->metrics = program_metrics(program);
    for (size_t i = 0; i < FATES && mailer->metrics != NULL; i++) {
        mailer->counters[i] = metrics_counter(mailer->metrics, text_from(fates[i]));
    }
    if (mailer->metrics != NULL) {
        metrics_histogram(mailer->metrics, "storefront_mail_delay_seconds", "", &mailer->delay);
    }
    mailer->arena = arena_open(ARENA_MAXIMUM);
    mailer->keyring = keyring_open(key_file, 1U << KEY_CODES);
    mailer->view = mailer->keyring == NULL ? NULL : view_open(program->arena, &view);
    mailer->delivery = mailer->view == NULL ? NULL : delivery_open(program->arena, &program->settings);
    mailer->database = mailer->delivery == NULL ? NULL : program_database(program, STATEMENT_USER_MAILER);
    return mailer->database != NULL && mailer->arena != NULL && mailer->metrics != NULL;
}

// SIGUSR1 is how multiwatch says SIGTERM.
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

static int send_outbox(void)
{
    struct program program;
    struct mailer mailer = {.settings = NULL};
    bool is_ready = program_start(&program, "storefront-mail", false) && open_mailer(&program, &mailer);
    if (is_ready) {
        catch_signals();
        log_line(LOG_INFO, "mailer is ready");
        run(&mailer);
    }
    database_close(&mailer.database);
    delivery_close(&mailer.delivery);
    keyring_close(&mailer.keyring);
    metrics_close(&mailer.metrics);
    arena_close(&mailer.arena);
    program_end(&program);
    return is_ready ? EXIT_SUCCESS : program_fail_slowly();
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "--test") == 0) {
        return send_test(arguments[2]);
    }
    if (count != 1) {
        (void)fputs("usage: storefront-mail [--test ADDRESS]\n", stderr);
        return 2;
    }
    return send_outbox();
}
