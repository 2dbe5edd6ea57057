// The scripted database of script.h, linked in place of src/database/database.c and connection.c; rows.c is
// the real one.
#include "script.h"
#include "support.h"

#include "storefront/base/unicode.h"
#include "storefront/security/password.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TYPE_SIZE    ((size_t)16)
#define UUID_SIZE    ((size_t)16)
#define COMMITS_LOST 3 // of 16

struct database {
    bool is_begun;  // database_begin() was called
    bool is_open;   // and a statement has followed
    bool is_failed; // and one of them did not succeed
    struct text script;
    struct text token;
    struct script_tale tale;
    struct database_figures figures;
    struct answer *asked[ANSWERS_MAXIMUM];
    size_t asked_count;
    bool is_refused; // one of them
};

// What a statement may answer: a line of answers.def.
struct form {
    bool is_there;
    size_t least, most;
    const char *columns;
};

#define ANSWER(statement, at_least, at_most, letters)                                                        \
    [STATEMENT_##                                                                                            \
        statement] = {.is_there = true, .least = (at_least), .most = (at_most), .columns = (letters)},
static const struct form forms[STATEMENTS] = {
#include "answers.def"
};
#undef ANSWER

static struct database only;

struct database *script_database(void)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        if ((statement_texts[i].users >> STATEMENT_USER_WORKER & 1) != 0 && !forms[i].is_there) {
            (void)fprintf(stderr, "tests/fuzz/answers.def has no line for %s\n", statement_texts[i].name);
            promise(forms[i].is_there);
        }
    }
    return &only;
}

void script_begin(struct text script, struct text token)
{
    only = (struct database){.script = script, .token = token, .figures = only.figures};
}

struct script_tale script_tale(void)
{
    struct script_tale tale = only.tale;
    tale.is_open = only.is_begun || only.is_open;
    return tale;
}

static struct text hash_of_password(void)
{
    static struct arena *arena;
    static struct text hash;
    if (arena == NULL) {
        arena = arena_open((size_t)1024);
        hash = password_hash(arena, TEXT(SCRIPT_PASSWORD), (struct password_cost){8, 1});
    }
    return hash;
}

static struct text text_cell(unsigned choice)
{
    switch (choice & 7) {
    case 0:
        return TEXT(SCRIPT_EMAIL);
    case 1:
        return TEXT("johndoe");
    case 2:
        return TEXT("John Doe");
    case 3:
        return hash_of_password();
    case 4:
        return TEXT(SCRIPT_HOSTILE);
    case 5:
        return TEXT("j\xc3\xb6hn\xe2\x80\xa8@b\xc3\xbc"
                    "cher.example");
    case 6:
        return TEXT("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA");
    default:
        return TEXT("");
    }
}

static int64_t number_cell(unsigned choice)
{
    static const int64_t far[] = {-1, INT32_MAX, INT32_MIN, 86400, (int64_t)1 << 40, 1000, 32767, 3600};
    return choice < 120 ? (int64_t)choice : far[choice & 7];
}

// A moment at or before one that is the same for all, in PostgreSQL's microseconds since 2000.
static int64_t time_cell(unsigned choice)
{
    const int64_t second = 1000000;
    const int64_t now = 825638400 * second;
    return choice < 64 ? now - choice * 600 * second : now - (choice - 63) * 86400 * second;
}

static struct text bytes_of(struct arena *arena, unsigned choice, size_t size)
{
    char *bytes = arena_take(arena, size);
    if (bytes != NULL) {
        memset(bytes, (int)choice, size);
    }
    return text_of(bytes, bytes == NULL ? 0 : size);
}

static struct text encode_cell(struct arena *arena, uint64_t number, size_t size)
{
    char *bytes = arena_take(arena, size);
    for (size_t i = 0; i < size && bytes != NULL; i++) {
        bytes[i] = (char)(number >> (8 * (size - 1 - i)));
    }
    return text_of(bytes, bytes == NULL ? 0 : size);
}

// Where the row that is being made stands.
struct row {
    struct arena *arena;
    bool is_verified; // the customer that it is about
    bool is_nothing;  // all columns up to the closing bracket
};

static struct text make_cell(const struct row *row, char letter)
{
    unsigned choice = fuzz_byte(&only.script);
    struct text text = {NULL, 0};
    bool may_be_nothing = letter != 'R' && isupper((unsigned char)letter) != 0;
    if (row->is_nothing || (may_be_nothing && choice >= 128) || (letter == 'R' && row->is_verified)) {
        return text;
    }
    choice &= 127;
    switch (tolower((unsigned char)letter)) {
    case 'u':
    case 'r':
        return bytes_of(row->arena, choice, UUID_SIZE);
    case 't':
        text = text_cell(choice);
        return text.length == 0 ? TEXT("") : text_copy(row->arena, text);
    case 'y':
        return choice == 1 ? text_copy(row->arena, only.token)
                           : bytes_of(row->arena, choice, (choice & 1) == 0 ? UUID_SIZE : 2 * UUID_SIZE);
    case 'n':
        return encode_cell(row->arena, (uint64_t)number_cell(choice), sizeof(int64_t));
    case 's':
        return encode_cell(row->arena, (uint64_t)time_cell(choice), sizeof(int64_t));
    case 'v':
        return encode_cell(row->arena, row->is_verified, 1);
    case 'o':
        return encode_cell(row->arena, !row->is_verified && (choice & 1) != 0, 1);
    default:
        promise(tolower((unsigned char)letter) == 'b');
        return encode_cell(row->arena, choice & 1, 1);
    }
}

static void make_row(struct arena *arena, const char *columns, struct text *cells)
{
    struct row row = {.arena = arena,
                      .is_verified = strchr(columns, 'R') != NULL && (fuzz_byte(&only.script) & 1) != 0};
    for (const char *letter = columns; *letter != '\0'; letter++) {
        if (*letter == '(' || *letter == ')') {
            row.is_nothing = *letter == '(' && fuzz_byte(&only.script) >= 128;
        } else {
            *cells++ = make_cell(&row, *letter);
        }
    }
}

static bool make_rows(struct arena *arena, const struct form *form, size_t count, struct rows *rows)
{
    size_t columns = 0;
    for (const char *letter = form->columns; *letter != '\0'; letter++) {
        columns += *letter != '(' && *letter != ')';
    }
    struct text *cells = arena_take(arena, (count * columns + 1) * sizeof *cells);
    for (size_t row = 0; row < count && cells != NULL; row++) {
        make_row(arena, form->columns, cells + row * columns);
    }
    *rows = (struct rows){.count = count, .columns = columns, .cells = cells};
    return !arena_failed(arena);
}

// The type to which a statement casts its parameter `number`; empty where it does not.
static struct text type_of(enum statement statement, size_t number)
{
    char cast[TYPE_SIZE];
    int length = snprintf(cast, sizeof cast, "$%zu::", number);
    struct text text = text_from(statement_texts[statement].text);
    struct text type = text_after(text, text_find_text(text, text_of(cast, (size_t)length)) + (size_t)length);
    size_t end = 0;
    while (end < type.length && isalpha((unsigned char)type.bytes[end]) != 0) {
        end++;
    }
    return text_cut(type, 0, end);
}

static void check_parameter(struct text type, const struct parameter *parameter)
{
    if (parameter->kind == PARAMETER_NOTHING) {
        return;
    }
    if (text_equals(type, TEXT("uuid"))) {
        promise(parameter->kind == PARAMETER_BYTES && parameter->bytes.length == UUID_SIZE);
    } else if (text_equals(type, TEXT("text"))) {
        promise(parameter->kind == PARAMETER_BYTES && unicode_is_valid(parameter->bytes));
    } else if (text_equals(type, TEXT("bytea"))) {
        promise(parameter->kind == PARAMETER_BYTES);
    } else if (text_equals(type, TEXT("bigint"))) {
        promise(parameter->kind == PARAMETER_NUMBER);
    } else {
        promise(text_equals(type, TEXT("boolean")) && parameter->kind == PARAMETER_SWITCH);
    }
}

static void check_call(enum statement statement, const struct parameter *parameters, size_t count)
{
    promise(statement < STATEMENTS && forms[statement].is_there);
    promise(count == statement_texts[statement].parameters && count <= PARAMETERS_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        check_parameter(type_of(statement, i + 1), &parameters[i]);
    }
}

// What is tried without a promise: the visit goes on where it cannot be had.
static bool is_best_effort(enum statement statement)
{
    return statement == STATEMENT_TOUCH_SESSION || statement == STATEMENT_RENEW_PASSWORD_HASH ||
           statement == STATEMENT_FIND_MAIL_WAIT || (statement == STATEMENT_GIVE_BACK_LIMIT && !only.is_open);
}

static enum database_outcome choose_outcome(unsigned choice)
{
    switch (choice & 15) {
    case 13:
        return DATABASE_CONFLICT;
    case 14:
        return DATABASE_RETRY;
    case 15:
        return DATABASE_UNAVAILABLE;
    default:
        return DATABASE_DONE;
    }
}

bool database_check(struct database *database)
{
    bool fits = (fuzz_byte(&database->script) & 15) != 15;
    database->tale.was_away = database->tale.was_away || !fits;
    return fits;
}

void database_ask(struct database *database, const struct arena *arena, enum statement statement,
                  const struct parameter *parameters, size_t count, struct answer *answer)
{
    *answer = (struct answer){.statement = statement, .outcome = DATABASE_UNAVAILABLE};
    promise(database->asked_count < ANSWERS_MAXIMUM);
    database->asked[database->asked_count++] = answer;
    database->is_refused = database->is_refused || arena_failed(arena);
    if (!database->is_refused) {
        check_call(statement, parameters, count);
        database->tale.statements++;
        promise(database->tale.statements < 200);
    }
}

static void run(struct database *database, struct arena *arena, struct answer *answer)
{
    const struct form *form = &forms[answer->statement];
    unsigned choice = fuzz_byte(&database->script);
    answer->outcome = database->is_failed ? DATABASE_UNAVAILABLE : choose_outcome(choice);
    size_t found = form->least + (choice >> 4) % (form->most - form->least + 1);
    if (answer->outcome == DATABASE_DONE && !make_rows(arena, form, found, &answer->rows)) {
        *answer = (struct answer){.statement = answer->statement, .outcome = DATABASE_UNAVAILABLE};
    }
    database->is_failed = database->is_open && answer->outcome != DATABASE_DONE;
    database->tale.was_away = database->tale.was_away ||
                              (answer->outcome == DATABASE_UNAVAILABLE && !is_best_effort(answer->statement));
}

enum database_outcome database_turn(struct database *database, struct arena *arena)
{
    enum database_outcome outcome = database->is_refused ? DATABASE_UNAVAILABLE : DATABASE_DONE;
    if (!database->is_refused) {
        database->is_open = database->is_open || database->is_begun;
        database->is_begun = false;
    }
    for (size_t i = 0; i < database->asked_count; i++) {
        if (outcome == DATABASE_DONE) {
            run(database, arena, database->asked[i]);
            outcome = database->asked[i]->outcome;
        }
        database->asked[i]->outcome = outcome;
    }
    // Where nobody knows the end of one, nobody knows that of the others.
    for (size_t i = 0; i < database->asked_count && outcome == DATABASE_UNAVAILABLE; i++) {
        *database->asked[i] = (struct answer){.statement = database->asked[i]->statement, .outcome = outcome};
    }
    database->asked_count = 0;
    database->is_refused = false;
    return outcome;
}

enum database_outcome database_run(struct database *database, struct arena *arena, enum statement statement,
                                   const struct parameter *parameters, size_t count, struct rows *rows)
{
    struct answer answer;
    database_ask(database, arena, statement, parameters, count, &answer);
    enum database_outcome outcome = database_turn(database, arena);
    if (rows != NULL) {
        *rows = answer.rows;
    }
    return outcome;
}

void database_begin(struct database *database)
{
    promise(!database->is_begun && !database->is_open);
    database->is_begun = true;
}

enum database_outcome database_commit(struct database *database)
{
    promise(database->is_open && !database->is_failed);
    database->is_open = false;
    bool is_known = (fuzz_byte(&database->script) & 15) < 16 - COMMITS_LOST;
    database->tale.commit_failed = database->tale.commit_failed || !is_known;
    return is_known ? DATABASE_DONE : DATABASE_UNAVAILABLE;
}

void database_rollback(struct database *database)
{
    database->is_begun = false;
    database->is_open = false;
    database->is_failed = false;
}

void database_grant_time(struct database *database)
{
    promise(!database->is_begun && !database->is_open && database->asked_count == 0);
}

struct database_figures database_figures(const struct database *database)
{
    return database->figures;
}

int64_t database_waited(const struct database *database)
{
    return (int64_t)database->tale.statements;
}
