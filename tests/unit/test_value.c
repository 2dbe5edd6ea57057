// Trees of values: order of insertion, unique names, and that nothing at all happens to a container that
// could not be made. It knows no JSON and no templates.
#include "support.h"

#include "storefront/base/value.h"

static void members_keep_their_order(void **state)
{
    struct value *object = value_object(*state);
    value_set_text(object, "b", TEXT("1"));
    value_set_number(object, "a", 2);
    value_set_switch(object, "c", true);
    assert_text(object->first->name, "b");
    assert_text(object->first->next->name, "a");
    assert_text(object->last->name, "c");
    assert_null(object->last->next);
}

static void a_second_of_a_name_takes_the_place_of_the_first(void **state)
{
    struct value *object = value_object(*state);
    value_set_text(object, "a", TEXT("1"));
    value_set_text(object, "b", TEXT("2"));
    value_set_number(object, "a", 3);
    assert_int_equal(value_find(object, TEXT("a"))->kind, VALUE_NUMBER);
    assert_int_equal(value_find(object, TEXT("a"))->number, 3);
    assert_text(object->first->name, "a");
    assert_ptr_equal(object->first->next, object->last);
}

static void kinds_are_kept(void **state)
{
    (void)state;
    assert_int_equal(value_of_text(TEXT("x")).kind, VALUE_TEXT);
    assert_text(value_of_text(TEXT("x")).text, "x");
    assert_int_equal(value_of_number(-5).number, -5);
    assert_int_equal(value_of_switch(true).kind, VALUE_SWITCH);
    assert_true(value_of_switch(true).on);
    assert_false(value_of_switch(false).on);
}

static void finding_is_by_the_whole_name(void **state)
{
    struct value *object = value_object(*state);
    struct value *list = value_list(*state);
    value_set_number(object, "name", 1);
    value_add(list, value_of_number(1));
    assert_non_null(value_find(object, TEXT("name")));
    assert_null(value_find(object, TEXT("nam")));
    assert_null(value_find(object, TEXT("names")));
    assert_null(value_find(object, TEXT("")));
    assert_null(value_find(list, TEXT("")));
    assert_null(value_find(NULL, TEXT("name")));
    const struct value text = value_of_text(TEXT("name"));
    assert_null(value_find(&text, TEXT("name")));
}

static void lists_keep_doubles(void **state)
{
    struct value *list = value_list(*state);
    value_add(list, value_of_number(1));
    value_add(list, value_of_number(1));
    assert_int_equal(list->first->value.number, 1);
    assert_int_equal(list->first->next->value.number, 1);
    assert_ptr_equal(list->first->next, list->last);
}

static void what_could_not_be_made_takes_nothing(void **state)
{
    (void)state;
    value_set(NULL, TEXT("a"), value_of_number(1));
    value_set_text(NULL, "a", TEXT("b"));
    value_set_number(NULL, "a", 1);
    value_set_switch(NULL, "a", true);
    value_add(NULL, value_of_number(1));
    struct arena *arena = arena_open(1);
    assert_null(value_object(arena));
    assert_null(value_list(arena));
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

static void a_spent_arena_is_remembered(void **state)
{
    (void)state;
    struct arena *arena = arena_open(sizeof(struct value) + 16);
    struct value *object = value_object(arena);
    assert_non_null(object);
    value_set_number(object, "a", 1);
    assert_null(object->first);
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(members_keep_their_order),
        WITH_ARENA(a_second_of_a_name_takes_the_place_of_the_first),
        cmocka_unit_test(kinds_are_kept),
        WITH_ARENA(finding_is_by_the_whole_name),
        WITH_ARENA(lists_keep_doubles),
        cmocka_unit_test(what_could_not_be_made_takes_nothing),
        cmocka_unit_test(a_spent_arena_is_remembered),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
