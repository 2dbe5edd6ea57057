# The Debian package: `cmake --build build --target package`, with CPack. What only a production host needs is a component
# of its own, so that a plain `cmake --install` writes nothing to /etc.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[1-8] ${PROJECT_SOURCE_DIR}/docs/man/*.in)
if(NOT pages)
    return()
endif()
set(production ${CMAKE_CURRENT_BINARY_DIR}/production)
set(made ${production}/storefront.env)
add_custom_command(OUTPUT ${production}/storefront.env
    COMMAND conf/production/settings env $<TARGET_FILE:storefront> > ${production}/storefront.env
    DEPENDS storefront conf/production/settings WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
add_custom_command(OUTPUT ${production}/settings.man
    COMMAND conf/production/settings man $<TARGET_FILE:storefront> > ${production}/settings.man
    DEPENDS storefront conf/production/settings WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
foreach(page IN LISTS pages)
    get_filename_component(name ${page} NAME)
    string(REGEX REPLACE "\\.in$" "" name ${name})
    string(REGEX MATCH "[1-8]$" section ${name})
    add_custom_command(OUTPUT ${production}/man/${name}.gz
        COMMAND ${CMAKE_COMMAND} -E make_directory ${production}/man
        COMMAND sed -e "/^@SETTINGS@/r ${production}/settings.man" -e "/^@SETTINGS@/d" ${page} > ${production}/man/${name}
        COMMAND gzip -9nf ${production}/man/${name}
        DEPENDS ${page} ${production}/settings.man VERBATIM)
    list(APPEND made ${production}/man/${name}.gz)
    install(FILES ${production}/man/${name}.gz DESTINATION share/man/man${section} COMPONENT production EXCLUDE_FROM_ALL)
endforeach()
add_custom_target(production_files ALL DEPENDS ${made})
file(MAKE_DIRECTORY ${production})

set(of_production COMPONENT production EXCLUDE_FROM_ALL)
set(conf ${PROJECT_SOURCE_DIR}/conf)
install(FILES ${production}/storefront.env ${conf}/systemd/addresses.conf ${conf}/nginx/certificate.conf
    DESTINATION /etc/storefront ${of_production})
install(FILES ${conf}/nginx/site.conf RENAME storefront DESTINATION /etc/nginx/sites-available ${of_production})
install(DIRECTORY ${conf}/systemd/ DESTINATION lib/systemd/system ${of_production} PATTERN addresses.conf EXCLUDE)
install(CODE [[file(CREATE_LINK /etc/storefront/addresses.conf
    $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/storefront-.service.d/90-addresses.conf SYMBOLIC)]]
    ${of_production})
install(PROGRAMS ${conf}/production/start-pool ${conf}/production/pool-workers ${conf}/production/write-nginx
    ${conf}/production/reload-nginx ${conf}/production/setup DESTINATION lib/storefront ${of_production})
install(PROGRAMS ${conf}/production/storefront-run DESTINATION sbin ${of_production})
install(FILES ${conf}/production/sysusers.conf RENAME storefront.conf DESTINATION lib/sysusers.d ${of_production})
install(FILES ${conf}/production/tmpfiles.conf RENAME storefront.conf DESTINATION lib/tmpfiles.d ${of_production})
install(FILES ${conf}/production/completion.bash RENAME storefront
    DESTINATION share/bash-completion/completions ${of_production})
install(FILES ${conf}/debian/copyright ${PROJECT_SOURCE_DIR}/docs/operations.md ${PROJECT_SOURCE_DIR}/docs/scaling.md
    ${PROJECT_SOURCE_DIR}/docs/capacity.md
    ${PROJECT_SOURCE_DIR}/SECURITY.md DESTINATION share/doc/storefront ${of_production})

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};storefront;Unspecified;/;${CMAKE_BINARY_DIR};storefront;production;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME storefront)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The authors of Storefront <authors@storefront.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "accounts for a web shop")
set(CPACK_PACKAGE_DESCRIPTION "Sign-up, proof of the e-mail address by a code, sign-in and My Account: workers in C behind
nginx, accounts in PostgreSQL, a mailer. nginx listens by HTTP and HTTPS at once; the rest starts with storefront.target,
after the two questions in /etc/storefront/storefront.env.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "nginx, spawn-fcgi, multiwatch, ssl-cert, systemd (>= 252), init-system-helpers, debconf (>= 0.5) | debconf-2.0")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql (>= 15)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(part postinst prerm postrm templates triggers conffiles)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${conf}/debian/${part})
endforeach()
include(CPack)
