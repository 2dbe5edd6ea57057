// The floor under any FastCGI program of this design: libfcgi, nothing else. It sends one fixed answer, read
// from a file at start; with a database url in its second argument it first looks one session up by the
// digest of the cookie, prepared and by its key. It promises to do no more than that, so that what a worker
// adds can be seen.
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAXIMUM 131072
#define COOKIE_LENGTH  43
#define DIGEST_SIZE    32

static char answer[ANSWER_MAXIMUM];

// What the statement looks like stands in the environment, so that no SQL stands here.
static PGconn *connect_and_prepare(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQprepare(connection, "look_up", getenv("FLOOR_STATEMENT"), 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        (void)fprintf(stderr, "%s", PQerrorMessage(connection));
        exit(EXIT_FAILURE);
    }
    PQclear(result);
    return connection;
}

// base64url without padding, as the cookie is; what is no cookie of ours is looked up as zeros.
static void decode_cookie(const char *cookie, unsigned char bytes[DIGEST_SIZE + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < COOKIE_LENGTH && cookie[i] != '\0'; i++) {
        const char *letter = strchr(letters, cookie[i]);
        pending = pending << 6 | (letter == NULL ? 0 : (unsigned)(letter - letters));
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[at++] = (unsigned char)(pending >> bits);
        }
    }
}

static void look_up(PGconn *connection, const FCGX_Request *request)
{
    const char *cookies = FCGX_GetParam("HTTP_COOKIE", request->envp);
    const char *cookie = cookies == NULL ? NULL : strstr(cookies, "sessionid=");
    unsigned char bytes[DIGEST_SIZE + 1] = {0};
    unsigned char digest[DIGEST_SIZE];
    if (cookie != NULL) {
        decode_cookie(cookie + strlen("sessionid="), bytes);
    }
    (void)EVP_Digest(bytes, DIGEST_SIZE, digest, NULL, EVP_sha256(), NULL);
    const char *const values[] = {(const char *)digest};
    const int lengths[] = {DIGEST_SIZE};
    const int formats[] = {1};
    PGresult *result = PQexecPrepared(connection, "look_up", 1, values, lengths, formats, 1);
    if (PQntuples(result) != 1) {
        (void)fprintf(stderr, "floor: no session found: %s\n", PQerrorMessage(connection));
    }
    PQclear(result);
}

int main(int count, char **arguments)
{
    FCGX_Request request;
    FILE *file = count < 2 ? NULL : fopen(arguments[1], "r");
    size_t length = file == NULL ? 0 : fread(answer, 1, sizeof answer, file);
    PGconn *connection = count > 2 ? connect_and_prepare(arguments[2]) : NULL;
    if (length == 0 || FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0) {
        return EXIT_FAILURE;
    }
    while (FCGX_Accept_r(&request) == 0) {
        if (connection != NULL) {
            look_up(connection, &request);
        }
        (void)FCGX_PutStr(answer, (int)length, request.out);
        FCGX_Finish_r(&request);
    }
    return EXIT_SUCCESS;
}
