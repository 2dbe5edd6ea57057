# Turns sql/statements/*.sql into C: statements.h (an enum, one name a file) and statements.c (names, texts, users and
# numbers of parameters). Run by the build: cmake -DSTATEMENTS=... -DHEADER=... -DSOURCE=... -P EmbedStatements.cmake
# A file opens with comment lines; one of them reads "-- Run by: worker, mailer." and names who may run it.
cmake_minimum_required(VERSION 3.25)
file(GLOB files ${STATEMENTS}/*.sql)
list(SORT files)
set(names "")
set(rows "")
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(TOUPPER ${name} upper)
    file(READ ${file} text)
    if(NOT text MATCHES "\n-- Run by: ([a-z, ]+)\\.\n")
        message(FATAL_ERROR "${file}: no line \"-- Run by: ...\"")
    endif()
    string(REGEX REPLACE ", *" ";" users "${CMAKE_MATCH_1}")
    set(mask "0")
    foreach(user IN LISTS users)
        string(TOUPPER ${user} user)
        string(APPEND mask " | 1U << STATEMENT_USER_${user}")
    endforeach()
    set(parameters 0)
    foreach(number RANGE 1 24)
        if(text MATCHES "\\$${number}[^0-9]")
            set(parameters ${number})
        endif()
    endforeach()
    string(REGEX REPLACE "(^|\n)[ \t]*--[^\n]*" "" text "${text}")
    string(REGEX REPLACE "^[ \n]+" "" text "${text}")
    string(REGEX REPLACE "[ \n;]+$" "" text "${text}")
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
    string(APPEND names "    STATEMENT_${upper},\n")
    string(APPEND rows "    [STATEMENT_${upper}] = {\"${name}\", ${mask}, ${parameters},\n     \"${text}\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT [=[
// Made by the build from sql/statements/: the name of every statement that the programs can run.
#ifndef STOREFRONT_DATABASE_STATEMENTS_H
#define STOREFRONT_DATABASE_STATEMENTS_H

enum statement {
@names@    STATEMENTS
};

enum statement_user { STATEMENT_USER_WORKER, STATEMENT_USER_MAILER, STATEMENT_USER_MAINTENANCE, STATEMENT_USER_METRICS, STATEMENT_USER_MIGRATION };

struct statement_text {
    const char *name;
    unsigned users; // mask of 1U << enum statement_user
    unsigned parameters;
    const char *text;
};

extern const struct statement_text statement_texts[STATEMENTS];

#endif
]=])
file(CONFIGURE OUTPUT ${SOURCE} @ONLY CONTENT [=[
// Made by the build from sql/statements/.
#include "storefront/database/statements.h"

const struct statement_text statement_texts[STATEMENTS] = {
@rows@};
]=])
