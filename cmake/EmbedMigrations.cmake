# Turns sql/migrations/*.sql into C: a table of names and texts in order. Run by the build:
# cmake -DMIGRATIONS=... -DSOURCE=... -P EmbedMigrations.cmake
cmake_minimum_required(VERSION 3.25)
file(GLOB files ${MIGRATIONS}/*.sql)
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n     \"" text "${text}")
    string(APPEND rows "    {\"${name}\",\n     \"${text}\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${SOURCE} @ONLY CONTENT [=[
// Made by the build from sql/migrations/.
#include "storefront/database/migration.h"

const struct migration migrations[] = {
@rows@};

const size_t migration_count = sizeof migrations / sizeof *migrations;
]=])
