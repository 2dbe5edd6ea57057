// How many wait at a listening socket: the kernel's own number, for the socket of exactly that name. Nothing
// is told of a socket that is not there. What the number is for is not known here.
#include "support.h"

#include "storefront/http/queue.h"

#include <sys/socket.h>
#include <sys/un.h>

#define MOST 3

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static int listen_at(const char *path)
{
    const struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, MOST), 0);
    return listener;
}

static int wait_at(const char *path)
{
    const struct sockaddr_un address = address_of(path);
    int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(waiting, (const struct sockaddr *)&address, sizeof address), 0);
    return waiting;
}

static void all_who_wait_are_counted_until_they_are_taken(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(fixture->arena, &fixture->folder, "pool.sock");
    int listener = listen_at(path);
    int waiting[MOST];
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(queue_length(text_from(path)), i);
        waiting[i] = wait_at(path);
    }
    assert_int_equal(queue_length(text_from(path)), MOST);
    int taken = accept(listener, NULL, NULL);
    assert_int_equal(queue_length(text_from(path)), MOST - 1);
    for (int i = 0; i < MOST; i++) {
        (void)close(waiting[i]);
    }
    (void)close(taken);
    (void)close(listener);
}

static void a_longer_name_is_another_socket(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(fixture->arena, &fixture->folder, "pool.sock");
    const char *longer = folder_path(fixture->arena, &fixture->folder, "pool.socket");
    int listeners[] = {listen_at(path), listen_at(longer)};
    int waiting = wait_at(longer);
    assert_int_equal(queue_length(text_from(path)), 0);
    assert_int_equal(queue_length(text_from(longer)), 1);
    (void)close(waiting);
    (void)close(listeners[0]);
    (void)close(listeners[1]);
}

static void of_a_socket_that_is_not_there_nothing_is_told(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(fixture->arena, &fixture->folder, "pool.sock");
    assert_int_equal(queue_length(text_from(path)), -1);
    assert_int_equal(queue_length(TEXT("")), -1);
    (void)close(listen_at(path));
    assert_int_equal(queue_length(text_from(path)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(all_who_wait_are_counted_until_they_are_taken),
        WITH_FIXTURE(a_longer_name_is_another_socket),
        WITH_FIXTURE(of_a_socket_that_is_not_there_nothing_is_told),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
