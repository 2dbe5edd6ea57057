// The settings: defaults, bounds to the last number, switches, secrets from files, unknown names; and that no
// secret is ever printed or logged. It knows no single setting's meaning: a few stand for all.
#include "support.h"

#include "storefront/base/log.h"

static bool refuses(struct arena *arena, const char *const *variables, struct text *logged)
{
    struct settings settings;
    struct capture capture = capture_begin();
    bool done = settings_read(arena, (char *const *)(uintptr_t)variables, &settings);
    *logged = capture_end(arena, &capture);
    return !done;
}

static bool accepts_one(struct arena *arena, const char *variable)
{
    const char *const variables[] = {variable, NULL};
    struct text logged;
    return !refuses(arena, variables, &logged);
}

static void defaults_stand_without_an_environment(void **state)
{
    static const char *const nothing[] = {NULL};
    struct settings settings = settings_of(*state, nothing);
    assert_text(settings.shop_name, "Our Shop");
    assert_int_equal(settings.otp_digits, 4);
    assert_int_equal(settings.otp_attempts, 5);
    assert_int_equal(settings.otp_minutes, 10);
    assert_int_equal(settings.password_memory_kib, 65536);
    assert_true(settings.address_limits);
    assert_false(settings.loopback_hosts);
    assert_int_equal(settings.database_url.length, 0);
    assert_text(settings.smtp_tls, "required");
}

// What the contract promises to customers where the operator says nothing.
static void the_rules_begin_with_the_numbers_that_are_promised(void **state)
{
    static const char *const nothing[] = {NULL};
    struct settings settings = settings_of(*state, nothing);
    const int64_t promised[][2] = {
        {settings.otp_digits, 4},
        {settings.otp_raised_digits, 8},
        {settings.otp_raised_after, 10},
        {settings.otp_attempts, 5},
        {settings.otp_minutes, 10},
        {settings.otp_repeat_minutes, 5},
        {settings.resend_seconds, 60},
        {settings.mails_per_hour, 5},
        {settings.mails_per_day, 10},
        {settings.hold_minutes, 30},
        {settings.unverified_hours, 24},
        {settings.session_days, 14},
        {settings.session_maximum_days, 30},
        {settings.session_touch_minutes, 10},
        {settings.address_limits, 1},
        {settings.sign_in_failures, 5},
        {settings.sign_in_minutes, 15},
        {settings.address_sign_in_failures, 100},
        {settings.address_registrations, 20},
    };
    for (size_t i = 0; i < ROWS(promised); i++) {
        assert_int_equal(promised[i][0], promised[i][1]);
    }
}

static void given_values_take_their_place(void **state)
{
    static const char *const variables[] = {"PATH=/bin",
                                            "STOREFRONT_SHOP_NAME=Caf\xc3\xa9 = 1",
                                            "STOREFRONT_OTP_DIGITS=8",
                                            "STOREFRONT_ADDRESS_LIMITS=off",
                                            "STOREFRONT_SHOP_SUPPORT=",
                                            "STOREFRONT_DATABASE_URL=postgresql://x",
                                            NULL};
    struct settings settings = settings_of(*state, variables);
    assert_text(settings.shop_name, "Caf\xc3\xa9 = 1");
    assert_int_equal(settings.otp_digits, 8);
    assert_false(settings.address_limits);
    assert_int_equal(settings.shop_support.length, 0);
    assert_text(settings.database_url, "postgresql://x");
}

struct value_row {
    const char *variable;
    bool is_accepted;
};

static const struct value_row values[] = {
    {"STOREFRONT_OTP_DIGITS=4", true},        {"STOREFRONT_OTP_DIGITS=3", false},
    {"STOREFRONT_OTP_DIGITS=8", true},        {"STOREFRONT_OTP_DIGITS=9", false},
    {"STOREFRONT_OTP_DIGITS=", false},        {"STOREFRONT_OTP_DIGITS= 5", false},
    {"STOREFRONT_OTP_DIGITS=5x", false},      {"STOREFRONT_OTP_DIGITS=-5", false},
    {"STOREFRONT_OTP_DIGITS=5.0", false},     {"STOREFRONT_OTP_DIGITS=99999999999999999999", false},
    {"STOREFRONT_ADDRESS_LIMITS=on", true},   {"STOREFRONT_ADDRESS_LIMITS=off", true},
    {"STOREFRONT_ADDRESS_LIMITS=", false},    {"STOREFRONT_ADDRESS_LIMITS=On", false},
    {"STOREFRONT_ADDRESS_LIMITS=1", false},   {"STOREFRONT_ADDRESS_LIMITS=true", false},
    {"STOREFRONT_ADDRESS_LIMITS=onn", false},
};

static void values_are_judged_to_their_bounds(void **state)
{
    for (size_t i = 0; i < ROWS(values); i++) {
        assert_row(accepts_one(*state, values[i].variable) == values[i].is_accepted, values[i].variable);
    }
}

static void every_fault_is_named_and_no_value(void **state)
{
    static const char *const variables[] = {"STOREFRONT_OTP_DIGITS=hunter2",
                                            "STOREFRONT_ADDRESS_LIMITS=hunter3",
                                            "STOREFRONT_SMTP_PASSWORD_FILE=/nowhere/hunter4", NULL};
    struct text logged;
    assert_true(refuses(*state, variables, &logged));
    assert_true(holds(logged, "OTP_DIGITS"));
    assert_true(holds(logged, "ADDRESS_LIMITS"));
    assert_true(holds(logged, "SMTP_PASSWORD"));
    assert_false(holds(logged, "hunter"));
}

static void secrets_come_from_files(void **state)
{
    struct arena *arena = *state;
    struct folder folder = folder_make();
    const char *path = folder_write(arena, &folder, "password", TEXT("hunter2\n"));
    const struct text parts[] = {TEXT("STOREFRONT_SMTP_PASSWORD_FILE="), text_from(path)};
    const char *variables[] = {text_string(arena, text_join(arena, parts, 2)),
                               "STOREFRONT_SMTP_PASSWORD=ignored", NULL};
    struct settings settings = settings_of(arena, variables);
    folder_remove(&folder);
    assert_text(settings.smtp_password, "hunter2");
}

static void a_file_of_secrets_is_bounded(void **state)
{
    struct arena *arena = *state;
    struct folder folder = folder_make();
    const char *path = folder_write(arena, &folder, "password", repeated(arena, "x", 5000));
    const struct text parts[] = {TEXT("STOREFRONT_SMTP_PASSWORD_FILE="), text_from(path)};
    bool accepted = accepts_one(arena, text_string(arena, text_join(arena, parts, 2)));
    folder_remove(&folder);
    assert_false(accepted);
    assert_false(accepts_one(arena, "STOREFRONT_DATABASE_URL_FILE=/"));
}

static void unknown_names_are_counted_and_named(void **state)
{
    static const char *const variables[] = {"STOREFRONT_SHOP_NAME=x",
                                            "STOREFRONT_SMTP_PASSWORD_FILE=x",
                                            "STOREFRONT_SHOP_NAME_FILE=x",
                                            "STOREFRONT_SHOP_NAM=x",
                                            "STOREFRONT_SHOP_NAMES=hunter2",
                                            "STOREFRONT_",
                                            "STOREFRONT_OTP_DIGITS",
                                            "XSTOREFRONT_NO=1",
                                            NULL};
    struct capture capture = capture_begin();
    size_t unknown = settings_unknown((char *const *)(uintptr_t)variables, LOG_ERROR);
    struct text logged = capture_end(*state, &capture);
    assert_int_equal(unknown, 4);
    assert_true(holds(logged, "\"STOREFRONT_SHOP_NAME_FILE\""));
    assert_true(holds(logged, "\"STOREFRONT_SHOP_NAM\""));
    assert_true(holds(logged, "\"STOREFRONT_SHOP_NAMES\""));
    assert_true(holds(logged, "\"STOREFRONT_\""));
    assert_false(holds(logged, "hunter2"));
}

static void a_prefix_of_a_name_is_not_the_name(void **state)
{
    static const char *const variables[] = {"STOREFRONT_OTP_DIGITS_MORE=7", "STOREFRONT_OTP=7", NULL};
    assert_int_equal(settings_of(*state, variables).otp_digits, 4);
}

static void printing_hides_secrets(void **state)
{
    static const char *const variables[] = {"STOREFRONT_DATABASE_URL=hunter2", "STOREFRONT_OTP_DIGITS=6",
                                            NULL};
    struct settings settings = settings_of(*state, variables);
    struct buffer out = buffer_open(*state, 65536);
    settings_print(&settings, &out);
    struct text printed = buffer_text(&out);
    assert_false(out.overflowed);
    assert_false(holds(printed, "hunter2"));
    assert_true(holds(printed, "\nSTOREFRONT_DATABASE_URL=(set)\n"));
    assert_true(holds(printed, "\nSTOREFRONT_SMTP_PASSWORD=(not set)\n"));
    assert_true(holds(printed, "STOREFRONT_DATABASE_URL_FILE"));
    assert_true(holds(printed, "# (default 4, from 4 to 8)\nSTOREFRONT_OTP_DIGITS=6\n"));
    assert_true(holds(printed, "# (default on)\nSTOREFRONT_ADDRESS_LIMITS=on\n"));
    assert_true(holds(printed, "# (default empty)\nSTOREFRONT_SHOP_LOGO=\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(defaults_stand_without_an_environment),
        WITH_ARENA(the_rules_begin_with_the_numbers_that_are_promised),
        WITH_ARENA(given_values_take_their_place),
        WITH_ARENA(values_are_judged_to_their_bounds),
        WITH_ARENA(every_fault_is_named_and_no_value),
        WITH_ARENA(secrets_come_from_files),
        WITH_ARENA(a_file_of_secrets_is_bounded),
        WITH_ARENA(unknown_names_are_counted_and_named),
        WITH_ARENA(a_prefix_of_a_name_is_not_the_name),
        WITH_ARENA(printing_hides_secrets),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
