// See probe.h. Three records out (begin, parameters, an empty body), the first line of the answer in
// (FastCGI 1.0, section 3).
#include "storefront/http/probe.h"
#include "storefront/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAXIMUM  ((size_t)1024)
#define REQUEST_MAXIMUM ((size_t)1024)
#define HEADER_SIZE     ((size_t)8)
#define MILLISECOND     1000

enum record { RECORD_BEGIN = 1, RECORD_PARAMETERS = 4, RECORD_BODY = 5 };

static void add_record(struct buffer *out, enum record type, struct text content)
{
    const char header[] = {1, (char)type, 0, 1, (char)(content.length >> 8), (char)content.length, 0, 0};
    buffer_add(out, text_of(header, sizeof header));
    buffer_add(out, content);
}

static void add_parameter(struct buffer *out, struct text name, struct text value)
{
    buffer_add_byte(out, (char)name.length);
    buffer_add_byte(out, (char)value.length);
    buffer_add(out, name);
    buffer_add(out, value);
}

static struct text make_request(struct arena *arena, struct text path)
{
    static const char responder_closing_at_the_end[] = {0, 1, 0, 0, 0, 0, 0, 0};
    struct buffer parameters = buffer_open(arena, REQUEST_MAXIMUM);
    struct buffer out = buffer_open(arena, REQUEST_MAXIMUM);
    add_parameter(&parameters, TEXT("REQUEST_METHOD"), TEXT("GET"));
    add_parameter(&parameters, TEXT("DOCUMENT_URI"), path);
    add_record(&out, RECORD_BEGIN,
               text_of(responder_closing_at_the_end, sizeof responder_closing_at_the_end));
    add_record(&out, RECORD_PARAMETERS, buffer_text(&parameters));
    add_record(&out, RECORD_PARAMETERS, (struct text){NULL, 0});
    add_record(&out, RECORD_BODY, (struct text){NULL, 0});
    return buffer_text(&out);
}

static bool wait_until(int descriptor, short events, int64_t end)
{
    for (;;) {
        int64_t left = end - clock_monotonic();
        struct pollfd waiting = {.fd = descriptor, .events = events};
        int ready = left <= 0 ? 0 : poll(&waiting, 1, (int)(left / MILLISECOND + 1));
        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

// Reads the status from the front of the answer: the record's header, then "Status: 200 ".
static int read_status(struct text answer)
{
    struct text line = text_after(answer, HEADER_SIZE);
    int64_t status = 0;
    if (!text_starts_with(line, TEXT("Status: ")) ||
        !text_to_number(text_cut(line, 8, 3), 100, 599, &status)) {
        return 0;
    }
    return (int)status;
}

static int ask(struct arena *arena, int descriptor, struct text path, int64_t end)
{
    struct text request = make_request(arena, path);
    char answer[ANSWER_MAXIMUM];
    size_t length = 0;
    if (!wait_until(descriptor, POLLOUT, end) ||
        send(descriptor, request.bytes, request.length, MSG_NOSIGNAL) != (ssize_t)request.length) {
        return 0;
    }
    while (length < HEADER_SIZE + sizeof "Status: 200" && wait_until(descriptor, POLLIN, end)) {
        ssize_t got = recv(descriptor, answer + length, sizeof answer - length, 0);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
    }
    return read_status(text_of(answer, length));
}

int probe_pool(struct arena *arena, const char *socket_path, struct text path, int64_t deadline_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t end = clock_monotonic() + deadline_ms * MILLISECOND;
    int status = 0;
    if (socket_path == NULL || strlen(socket_path) >= sizeof address.sun_path) {
        return 0;
    }
    memcpy(address.sun_path, socket_path, strlen(socket_path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor >= 0) {
        // A full queue refuses at once (EAGAIN): that pool is not ready.
        if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) {
            status = ask(arena, descriptor, path, end);
        }
        (void)close(descriptor);
    }
    return status;
}
