// storefront-mail: takes mails from the outbox and hands them to the mail server, for as long as it runs. Any
// number of them may run at once.
#include "storefront/base/clock.h"
#include "storefront/base/encode.h"
#include "storefront/base/log.h"
#include "storefront/base/metrics.h"
#include "storefront/base/walls.h"
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

#define ARENA_MAXIMUM   ((size_t)16 * 1024 * 1024)
#define MINUTE          60
#define MICROSECONDS    1000000
#define MILLISECOND     1000
#define FIRST_DELAY     2   // seconds; grows with the square of the attempts
#define LONGEST_DELAY   300 // seconds
#define LEASE_MARGIN    10  // seconds
#define CLAIM_LEAST     ((size_t)20)
#define CLAIM_TIME      MICROSECONDS // what a claim should take: it grows below half of it, and shrinks above
#define VERDICT_MAXIMUM ((size_t)100)
#define VERDICT_TIME                                                                                         \
    ((int64_t)100 * MILLISECOND) // then those that there are are written down: a slow mail's at once
#define SETTLE_PAUSE 100         // milliseconds between two tries to write verdicts down

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
    struct arena *arena;  // emptied after each claim
    struct arena *letter; // emptied after each mail
    struct metrics *metrics;
    size_t counters[FATES];
    struct metrics_histogram delay;
    size_t claim_size;
    int64_t claimed_at; // monotonic
    int64_t lease;      // seconds
    // What became of mails, not written down yet: many share a commit. A mailer that is killed before it has
    // written them sends those mails again, with the same Message-ID.
    struct outbox_verdict verdicts[VERDICT_MAXIMUM];
    size_t verdict_count;
    int64_t settled_at; // monotonic: when verdicts were last written down, or the claim was made
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

// Writes the mail with its code, which is derived here and lives no longer than the mail.
static struct text write_mail(struct mailer *mailer, const struct outbox_mail *mail)
{
    struct buffer message = buffer_open(mailer->letter, MESSAGE_MAXIMUM);
    char *digits = arena_take(mailer->letter, CODE_DIGITS_MAXIMUM);
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
    return message.overflowed || arena_failed(mailer->letter) ? (struct text){NULL, 0}
                                                              : buffer_text(&message);
}

static void tell(struct mailer *mailer, const struct outbox_mail *mail, enum fate fate, struct text reason)
{
    static const char *const events[FATES] = {[FATE_SENT] = "mail handed over",
                                              [FATE_REFUSED] = "mail refused",
                                              [FATE_PUT_OFF] = "mail put off",
                                              [FATE_DROPPED] = "mail dropped"};
    struct arena *arena = mailer->letter;
    int64_t passed = clock_monotonic() - mailer->claimed_at + mail->waited_ms * MILLISECOND;
    metrics_add(mailer->metrics, mailer->counters[fate], 1);
    if (fate == FATE_SENT) {
        metrics_observe(mailer->metrics, &mailer->delay, passed);
    }
    log_event(reason.length == 0 ? LOG_INFO : LOG_WARNING, events[fate],
              LOG_TEXT("mail", encode_hexadecimal(arena, mail->id)), LOG_NUMBER("attempts", mail->attempts),
              LOG_NUMBER("milliseconds", passed / MILLISECOND), LOG_TEXT("reason", reason));
}

// Writes the verdicts down. A database that is away is asked again for as long as nobody else may take the
// mails over: what the mail server has taken should not be sent twice.
static void settle(struct mailer *mailer)
{
    const int64_t end = mailer->claimed_at + mailer->lease * MICROSECONDS;
    while (mailer->verdict_count > 0 &&
           !outbox_settle(mailer->database, mailer->letter, mailer->verdicts, mailer->verdict_count)) {
        arena_empty(mailer->letter);
        if (clock_monotonic() >= end || is_stopping != 0) {
            break;
        }
        (void)poll(NULL, 0, SETTLE_PAUSE);
    }
    mailer->verdict_count = 0;
    mailer->settled_at = clock_monotonic();
}

static void judge(struct mailer *mailer, const struct outbox_mail *mail, enum outbox_state state,
                  int64_t seconds, struct text reason)
{
    mailer->verdicts[mailer->verdict_count++] =
        (struct outbox_verdict){.id = mail->id,
                                .state = state,
                                .attempts = mail->attempts,
                                .seconds = seconds,
                                .reason = text_copy(mailer->arena, reason)};
    if (mailer->verdict_count == VERDICT_MAXIMUM || clock_monotonic() - mailer->settled_at >= VERDICT_TIME) {
        settle(mailer);
    }
}

// Sends one mail. False when the mail server is away, so that the others need not try.
static bool send_mail(struct mailer *mailer, const struct outbox_mail *mail)
{
    struct text reason = {NULL, 0};
    struct text message = write_mail(mailer, mail);
    enum delivery_outcome outcome = DELIVERY_LATER;
    if (message.length > 0) {
        outcome = delivery_send(mailer->delivery, mailer->letter, mail->facts.email, message, &reason);
    } else {
        reason = TEXT("it could not be written: no such key, or no memory");
    }
    switch (outcome) {
    case DELIVERY_TAKEN:
        tell(mailer, mail, FATE_SENT, reason);
        judge(mailer, mail, OUTBOX_SENT, 0, reason);
        break;
    case DELIVERY_REFUSED:
        tell(mailer, mail, FATE_REFUSED, reason);
        judge(mailer, mail, OUTBOX_REFUSED, 0, reason);
        break;
    case DELIVERY_LATER:
    case DELIVERY_AWAY:
        tell(mailer, mail, FATE_PUT_OFF, reason);
        judge(mailer, mail, OUTBOX_QUEUED, delay_after(mail->attempts), reason);
        break;
    }
    return outcome != DELIVERY_AWAY;
}

// Whether the lease gets too short for one more mail.
static bool is_late(const struct mailer *mailer)
{
    return clock_monotonic() - mailer->claimed_at >
           (mailer->settings->smtp_timeout_seconds + LEASE_MARGIN / 2) * MICROSECONDS;
}

// Works off one claim; what cannot be sent in its time, or before the mailer is to stop, is given back.
static void send_claim(struct mailer *mailer, const struct outbox_claim *claim)
{
    bool is_away = false;
    for (size_t i = 0; i < claim->count; i++) {
        const struct outbox_mail *mail = &claim->mails[i];
        if (is_stopping != 0) {
            judge(mailer, mail, OUTBOX_QUEUED, 0, TEXT("the mailer was stopped"));
        } else if (mail->is_dead) {
            tell(mailer, mail, FATE_DROPPED, (struct text){NULL, 0});
            judge(mailer, mail, OUTBOX_DROPPED, 0, TEXT("its code was dead"));
        } else if (is_away) {
            judge(mailer, mail, OUTBOX_QUEUED, delay_after(mail->attempts), TEXT("the mail server is away"));
        } else if (is_late(mailer)) {
            judge(mailer, mail, OUTBOX_QUEUED, 0, TEXT("the mailer had no time for it"));
        } else {
            is_away = !send_mail(mailer, mail);
        }
        arena_empty(mailer->letter);
    }
    settle(mailer);
}

// A claim is as large as what is sent in about a second: a mail server that is quick has many mails share the
// cost of one, and of a slow one other mailers can take their part.
static void choose_claim_size(struct mailer *mailer, size_t count)
{
    int64_t took = clock_monotonic() - mailer->claimed_at;
    if (took > CLAIM_TIME) {
        mailer->claim_size /= 2;
    } else if (count == mailer->claim_size && took < CLAIM_TIME / 2) {
        mailer->claim_size *= 2;
    }
    mailer->claim_size = mailer->claim_size < CLAIM_LEAST ? CLAIM_LEAST : mailer->claim_size;
    mailer->claim_size =
        mailer->claim_size > OUTBOX_CLAIM_MAXIMUM ? OUTBOX_CLAIM_MAXIMUM : mailer->claim_size;
}

static void run(struct mailer *mailer)
{
    mailer->lease = 2 * mailer->settings->smtp_timeout_seconds + LEASE_MARGIN;
    mailer->claim_size = CLAIM_LEAST;
    while (is_stopping == 0) {
        struct outbox_claim claim = {.count = 0};
        mailer->claimed_at = clock_monotonic();
        mailer->settled_at = mailer->claimed_at;
        if (outbox_claim(mailer->database, mailer->arena, mailer->claim_size, mailer->lease, &claim)) {
            send_claim(mailer, &claim);
            choose_claim_size(mailer, claim.count);
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
                                       .common_names = message_names,
                                       .phrases = message_phrases};
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
    mailer->letter = arena_open(ARENA_MAXIMUM);
    mailer->keyring = keyring_open(key_file, 1U << KEY_CODES);
    mailer->view = mailer->keyring == NULL ? NULL : view_open(program->arena, &view);
    mailer->delivery = mailer->view == NULL ? NULL : delivery_open(program->arena, &program->settings);
    mailer->database = mailer->delivery == NULL ? NULL : program_database(program, STATEMENT_USER_MAILER);
    return mailer->database != NULL && mailer->arena != NULL && mailer->letter != NULL &&
           mailer->metrics != NULL;
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
    bool is_ready = program_start(&program, "storefront-mail", false) && open_mailer(&program, &mailer) &&
                    walls_raise(WALL_MAILER, program.settings.seccomp);
    if (is_ready) {
        catch_signals();
        log_line(LOG_INFO, "mailer is ready");
        run(&mailer);
    }
    database_close(&mailer.database);
    delivery_close(&mailer.delivery);
    keyring_close(&mailer.keyring);
    metrics_close(&mailer.metrics);
    arena_close(&mailer.letter);
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
