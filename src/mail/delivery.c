// See delivery.h. One pair of libcurl's handles serves all mails: it keeps the connection open between them.
#include "storefront/mail/delivery.h"
#include "storefront/base/log.h"
#include "storefront/mail/server.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MS = 1000, PAUSE_AFTER_FAILURE_NS = 10 * 1000 * 1000 };

// Statuses of a mail server.
enum { LATER = 400, NEVER = 550, NOT_UNDERSTOOD = 555 };

struct delivery {
    CURL *curl;
    CURLM *multi;        // runs `curl`, and owns its connection
    struct arena *arena; // keeps the strings that libcurl is told
    const struct settings *settings;
};

// What is left to send of one mail.
struct upload {
    struct text rest;
};

static size_t read_upload(char *room, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    struct text piece = text_cut(upload->rest, 0, size * count);
    if (piece.length > 0) {
        memcpy(room, piece.bytes, piece.length);
    }
    upload->rest = text_after(upload->rest, piece.length);
    return piece.length;
}

static long tls_for_curl(enum mail_tls tls)
{
    static const long words[] = {[MAIL_TLS_OFF] = CURLUSESSL_NONE,
                                 [MAIL_TLS_TRY] = CURLUSESSL_TRY,
                                 [MAIL_TLS_REQUIRED] = CURLUSESSL_ALL};
    return words[tls];
}

static bool set_text(struct delivery *delivery, CURLoption option, struct text text)
{
    const char *string = text_string(delivery->arena, text);
    return text.length == 0 ||
           (string != NULL && curl_easy_setopt(delivery->curl, option, string) == CURLE_OK);
}

// The name after the host is what libcurl says in EHLO: the sender's domain.
static struct text address_of_server(struct delivery *delivery)
{
    struct text domain = delivery->settings->mail_sender;
    (void)text_next(&domain, '@');
    const struct text parts[] = {delivery->settings->smtp_url, TEXT("/"), domain};
    return text_join(delivery->arena, parts, 3);
}

static bool set_options(struct delivery *delivery)
{
    const struct settings *settings = delivery->settings;
    CURL *curl = delivery->curl;
    enum mail_tls tls = MAIL_TLS_REQUIRED;
    return mail_server_judge(settings, &tls) &&
           set_text(delivery, CURLOPT_URL, address_of_server(delivery)) &&
           set_text(delivery, CURLOPT_USERNAME, settings->smtp_user) &&
           set_text(delivery, CURLOPT_PASSWORD, settings->smtp_password) &&
           set_text(delivery, CURLOPT_CAINFO, settings->smtp_ca_file) &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USE_SSL, tls_for_curl(tls)) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)settings->smtp_timeout_seconds) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)settings->smtp_timeout_seconds) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload) == CURLE_OK;
}

struct delivery *delivery_open(struct arena *arena, const struct settings *settings)
{
    struct delivery *delivery = arena_take(arena, sizeof *delivery);
    if (delivery == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NULL;
    }
    *delivery = (struct delivery){
        .curl = curl_easy_init(), .multi = curl_multi_init(), .arena = arena, .settings = settings};
    if (delivery->curl == NULL || delivery->multi == NULL || !set_options(delivery)) {
        delivery_close(&delivery);
    }
    return delivery;
}

void delivery_close(struct delivery **delivery)
{
    if (*delivery != NULL) {
        curl_easy_cleanup((*delivery)->curl);
        (void)curl_multi_cleanup((*delivery)->multi);
        curl_global_cleanup();
        *delivery = NULL;
    }
}

// A refusal counts as one of this mail only when it came to the sender, the recipient or the content. A
// server that refuses at its door gives libcurl the same code as one that refuses the content, but has read
// none of it. Below 550 it is about how we speak, as is 555: perhaps not for good (RFC 5321, section 4.2.3; a
// domain that takes no mail is 556, RFC 7504).
static enum delivery_outcome judge(CURLcode code, long status, bool content_was_read)
{
    bool is_about_content =
        content_was_read && (code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY);
    bool is_about_mail = is_about_content || code == CURLE_SEND_ERROR;
    if (code == CURLE_OK) {
        return DELIVERY_TAKEN;
    }
    if (is_about_mail && status >= NEVER && status != NOT_UNDERSTOOD) {
        return DELIVERY_REFUSED;
    }
    return is_about_mail && status >= LATER ? DELIVERY_LATER : DELIVERY_AWAY;
}

static struct text describe(struct arena *arena, CURLcode code, long status)
{
    const struct text parts[] = {text_from(curl_easy_strerror(code)), TEXT("; status "),
                                 text_number(arena, status)};
    return text_join(arena, parts, 3);
}

// curl_easy_perform() gives a transfer up when a wait fails, for want of memory say, and then ends the data
// of the mail that it has begun: the server would take what it has of it, if only an empty line. Here the
// wait is made again, until the transfer has ended by itself, at last for its time (CURLOPT_TIMEOUT).
static CURLcode run_transfer(struct delivery *delivery)
{
    const struct timespec pause = {.tv_nsec = PAUSE_AFTER_FAILURE_NS};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    int running = 1;
    int left = 0;
    if (curl_multi_add_handle(delivery->multi, delivery->curl) != CURLM_OK) {
        return code;
    }
    while (running > 0) {
        if (curl_multi_perform(delivery->multi, &running) != CURLM_OK ||
            (running > 0 && curl_multi_poll(delivery->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)) {
            (void)nanosleep(&pause, NULL);
        }
    }
    const CURLMsg *message = curl_multi_info_read(delivery->multi, &left);
    if (message != NULL) {
        code = message->data.result;
    }
    (void)curl_multi_remove_handle(delivery->multi, delivery->curl);
    return code;
}

enum delivery_outcome delivery_send(struct delivery *delivery, struct arena *arena, struct text recipient,
                                    struct text message, struct text *reason)
{
    const struct text from_parts[] = {TEXT("<"), delivery->settings->mail_sender, TEXT(">")};
    const struct text to_parts[] = {TEXT("<"), recipient, TEXT(">")};
    const char *from = text_string(arena, text_join(arena, from_parts, 3));
    const char *to = text_string(arena, text_join(arena, to_parts, 3));
    struct upload upload = {.rest = message};
    struct curl_slist *recipients = to == NULL ? NULL : curl_slist_append(NULL, to);
    CURL *curl = delivery->curl;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;
    if (recipients != NULL && from != NULL && curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_READDATA, &upload) == CURLE_OK) {
        code = run_transfer(delivery);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    if (code != CURLE_OK) {
        *reason = describe(arena, code, status);
    }
    return judge(code, status, upload.rest.length < message.length);
}
