// See queue.h. Asks by netlink (sock_diag(7)) for all listening Unix sockets and takes the one of that name.
#include "storefront/http/queue.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAXIMUM ((size_t)32 * 1024)
#define LISTENING      (1U << 10) // TCP_LISTEN, as the kernel numbers states of Unix sockets too

struct question {
    struct nlmsghdr header;
    struct unix_diag_req request;
};

static bool ask(int netlink)
{
    const struct question question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = LISTENING,
                    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN},
    };
    return send(netlink, &question, sizeof question, 0) == (ssize_t)sizeof question;
}

// What one message says of the socket `path`; -1: it is about another one.
static int64_t read_message(const struct nlmsghdr *message, struct text path)
{
    const char *at = (const char *)message + NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    const char *end = (const char *)message + message->nlmsg_len;
    bool is_it = false;
    int64_t waiting = -1;
    while (at + sizeof(struct rtattr) <= end) {
        struct rtattr attribute;
        memcpy(&attribute, at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > end) {
            break;
        }
        const char *data = at + RTA_LENGTH(0);
        size_t length = attribute.rta_len - RTA_LENGTH(0);
        if (attribute.rta_type == UNIX_DIAG_NAME) {
            is_it = text_equals(text_cut(text_of(data, length), 0, path.length), path) &&
                    length <= path.length + 1;
        } else if (attribute.rta_type == UNIX_DIAG_RQLEN && length >= sizeof(struct unix_diag_rqlen)) {
            struct unix_diag_rqlen queue;
            memcpy(&queue, data, sizeof queue);
            waiting = queue.udiag_rqueue;
        }
        at += RTA_ALIGN(attribute.rta_len);
    }
    return is_it ? waiting : -1;
}

// Reads the messages of one packet; false when it holds the last one.
static bool read_packet(const char *packet, size_t length, struct text path, int64_t *waiting)
{
    struct nlmsghdr header;
    for (size_t at = 0; at + sizeof header <= length; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, packet + at, sizeof header);
        if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR ||
            header.nlmsg_len < sizeof header || at + header.nlmsg_len > length) {
            return false;
        }
        int64_t found = read_message((const struct nlmsghdr *)(const void *)(packet + at), path);
        *waiting = found < 0 ? *waiting : found;
    }
    return true;
}

int64_t queue_length(struct text path)
{
    _Alignas(struct nlmsghdr) char packet[ANSWER_MAXIMUM];
    int64_t waiting = -1;
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool goes_on = netlink >= 0 && path.length > 0 && ask(netlink);
    while (goes_on) {
        ssize_t length = recv(netlink, packet, sizeof packet, 0);
        goes_on = length > 0 && read_packet(packet, (size_t)length, path, &waiting);
    }
    if (netlink >= 0) {
        (void)close(netlink);
    }
    return waiting;
}
