// Every setting of the program, in the order in which `storefront config` prints them. Included by settings.h
// for the fields and by settings.c for the rows; nobody else includes it. To add a setting, add its line.
//
// SETTING_TEXT(field, name, default, explanation)
// SETTING_SECRET(field, name, explanation)            never printed; also as NAME_FILE
// SETTING_NUMBER(field, name, default, lowest, highest, explanation)
// SETTING_SWITCH(field, name, default, explanation)   on or off
// Each name stands behind STOREFRONT_ in the environment. The last word of an explanation in brackets says
// who else than the programs reads it.
// clang-format off

SETTING_GROUP("The shop, as customers see it")
SETTING_TEXT(public_url, "PUBLIC_URL", "http://127.0.0.1:8080",
             "Scheme and host of the shop's pages: for links in mails, Secure cookies, and the check of Host and Origin")
SETTING_SWITCH(loopback_hosts, "LOOPBACK_HOSTS", false,
               "Answer to localhost, 127.0.0.1 and [::1] too, at any port; for development")
SETTING_TEXT(shop_name, "SHOP_NAME", "Our Shop", "The shop's name in pages and mails")
SETTING_TEXT(shop_logo, "SHOP_LOGO", "",
             "A static file (say logo.svg) that stands in place of the name; empty: the name")
SETTING_TEXT(shop_accent, "SHOP_ACCENT", "#1d4ed8",
             "Colour of buttons and links as #rrggbb; needs a contrast of 4.5 to 1 on white")
SETTING_TEXT(shop_support, "SHOP_SUPPORT", "", "Mail address of the shop's help desk; empty: none is shown")
SETTING_TEXT(shop_imprint_url, "SHOP_IMPRINT_URL", "", "Link to the imprint; empty: none is shown")
SETTING_TEXT(shop_privacy_url, "SHOP_PRIVACY_URL", "", "Link to the privacy notice; empty: none is shown")
SETTING_TEXT(shop_terms_url, "SHOP_TERMS_URL", "", "Link to the terms of business; empty: none is shown")
SETTING_TEXT(shop_language, "SHOP_LANGUAGE", "en", "Language of a customer who asks for none that is there")
SETTING_TEXT(shop_folder, "SHOP_FOLDER", "",
             "Folder whose templates/, mail/, language/ and static/ take the place of shipped files of the same name")
SETTING_TEXT(www_folder, "WWW_FOLDER", STOREFRONT_WWW_FOLDER,
             "Folder of the shipped templates, mails, words and static files")
SETTING_TEXT(static_folder, "STATIC_FOLDER", STOREFRONT_STATIC_FOLDER,
             "Folder that `storefront publish` fills; nginx serves its files/ as /static/ [nginx]")

SETTING_GROUP("Database and keys")
SETTING_SECRET(database_url, "DATABASE_URL",
               "Where PostgreSQL is, as libpq takes it (URI or key=value), several hosts included")
SETTING_NUMBER(database_deadline_ms, "DATABASE_DEADLINE_MS", 1500, 100, 60000,
               "Milliseconds that one request may wait for the database in all; then 503")
SETTING_TEXT(secret_key_file, "SECRET_KEY_FILE", "",
             "File of the secret keys, a line each: number, space, 64 hexadecimal digits; the first one signs")

SETTING_GROUP("One-time codes")
SETTING_NUMBER(otp_digits, "OTP_DIGITS", 4, 4, 8, "Digits of a code")
SETTING_NUMBER(otp_raised_digits, "OTP_RAISED_DIGITS", 8, 4, 8, "Digits of a code for a mailbox under attack")
SETTING_NUMBER(otp_raised_after, "OTP_RAISED_AFTER", 10, 1, 100,
               "Wrong tries in 24 hours that make a mailbox one under attack")
SETTING_NUMBER(otp_attempts, "OTP_ATTEMPTS", 5, 1, 10, "Wrong tries that end a code")
SETTING_NUMBER(otp_minutes, "OTP_MINUTES", 10, 1, 60,
               "Minutes that a code lives after its mail was handed over")
SETTING_NUMBER(otp_repeat_minutes, "OTP_REPEAT_MINUTES", 5, 0, 60,
               "Minutes that a code must still have to be repeated by a resend; below, a new one is made")
SETTING_NUMBER(resend_seconds, "RESEND_SECONDS", 60, 0, 3600,
               "Seconds between a mail and the next one that is asked for")
SETTING_NUMBER(mails_per_hour, "MAILS_PER_HOUR", 5, 1, 100,
               "Mails in an hour for one mailbox, and for one session")
SETTING_NUMBER(mails_per_day, "MAILS_PER_DAY", 10, 1, 1000,
               "Mails in a day for one mailbox, and for one session")

SETTING_GROUP("Accounts and sessions")
SETTING_NUMBER(hold_minutes, "HOLD_MINUTES", 30, 1, 1440,
               "Minutes that an unverified account keeps its names from others")
SETTING_NUMBER(unverified_hours, "UNVERIFIED_HOURS", 24, 1, 720,
               "Hours after which an unverified account is deleted")
SETTING_NUMBER(password_memory_kib, "PASSWORD_MEMORY_KIB", 65536, 1024, 4194304,
               "KiB of memory that hashing a password takes (Argon2id)")
SETTING_NUMBER(password_passes, "PASSWORD_PASSES", 2, 1, 100, "Passes over that memory")
SETTING_NUMBER(session_days, "SESSION_DAYS", 14, 1, 365, "Days from its last use after which a session ends")
SETTING_NUMBER(session_maximum_days, "SESSION_MAXIMUM_DAYS", 30, 1, 365,
               "Days from its beginning after which a session ends")
SETTING_NUMBER(session_touch_minutes, "SESSION_TOUCH_MINUTES", 10, 0, 1440,
               "Minutes after which a session's use is written down again")

SETTING_GROUP("Limits")
SETTING_SWITCH(address_limits, "ADDRESS_LIMITS", true,
               "Limits for a client address alone; off for tests and benches, refused where the public URL is https [nginx]")
SETTING_NUMBER(sign_in_failures, "SIGN_IN_FAILURES", 5, 1, 1000,
               "Failed sign-ins for one account from one client address in the minutes below")
SETTING_NUMBER(sign_in_minutes, "SIGN_IN_MINUTES", 15, 1, 1440, "Minutes in which they count")
SETTING_NUMBER(address_sign_in_failures, "ADDRESS_SIGN_IN_FAILURES", 100, 1, 100000,
               "Failed sign-ins from one client address in an hour")
SETTING_NUMBER(address_registrations, "ADDRESS_REGISTRATIONS", 20, 1, 100000,
               "Registrations from one client address in an hour")

SETTING_GROUP("Mail")
SETTING_TEXT(mail_sender, "MAIL_SENDER", "shop@shop.example", "Mail address that codes are sent from")
SETTING_TEXT(smtp_url, "SMTP_URL", "smtp://127.0.0.1:25",
             "The mail server: smtp://host:port, or smtps://host:port for TLS from the start")
SETTING_TEXT(smtp_tls, "SMTP_TLS", "required",
             "TLS on smtp://: off, try or required; certificates are always checked")
SETTING_TEXT(smtp_ca_file, "SMTP_CA_FILE", "",
             "Certificates of the authorities that are trusted; empty: the system's")
SETTING_TEXT(smtp_user, "SMTP_USER", "", "User name at the mail server; empty: none")
SETTING_SECRET(smtp_password, "SMTP_PASSWORD", "Password at the mail server")
SETTING_NUMBER(smtp_timeout_seconds, "SMTP_TIMEOUT_SECONDS", 20, 1, 300,
               "Seconds that handing one mail over may take")
SETTING_NUMBER(mail_poll_ms, "MAIL_POLL_MS", 100, 10, 60000,
               "Milliseconds between two looks into an empty outbox")

SETTING_GROUP("Processes")
SETTING_TEXT(pool, "POOL", "", "Which pool this worker belongs to: pages, register or login")
SETTING_TEXT(socket_folder, "SOCKET_FOLDER", "/run/storefront",
             "Folder of the pools' sockets pages.sock, register.sock and login.sock [nginx]")
SETTING_NUMBER(pages_wait_ms, "PAGES_WAIT_MS", 1400, 100, 60000,
               "Milliseconds that a request may have waited for a worker of the pool pages; then 503 at once")
SETTING_NUMBER(hash_wait_ms, "HASH_WAIT_MS", 3500, 100, 60000,
               "The same for the pools register and login")
SETTING_TEXT(metrics_file, "METRICS_FILE", "",
             "File in which all processes of a host count what they do, for `storefront metrics`; empty: nothing is counted")
SETTING_SWITCH(seccomp, "SECCOMP", true,
               "Limit the system calls of workers, metrics and mailer once they have started; off where something must look into them")
SETTING_TEXT(log_format, "LOG_FORMAT", "auto", "json, words, or auto: words on a terminal, JSON elsewhere")
SETTING_SWITCH(log_views, "LOG_VIEWS", false,
               "Workers write a line for each page that was looked at, too; nginx's log has one in any case")
SETTING_NUMBER(pages_workers, "PAGES_WORKERS", 4, 1, 256, "Workers of the pool pages [pools]")
SETTING_NUMBER(register_workers, "REGISTER_WORKERS", 2, 1, 256, "Workers of the pool register [pools]")
SETTING_NUMBER(login_workers, "LOGIN_WORKERS", 2, 1, 256, "Workers of the pool login [pools]")
SETTING_NUMBER(pages_queue, "PAGES_QUEUE", 256, 64, 4096, "Requests that may wait for the pool pages [pools]")
SETTING_NUMBER(hash_queue, "HASH_QUEUE", 32, 16, 4096,
               "Requests that may wait for the pool register, and for the pool login [pools]")
SETTING_NUMBER(request_rate, "REQUEST_RATE", 50, 1, 100000,
               "Requests a second from one client address [nginx]")
SETTING_NUMBER(request_burst, "REQUEST_BURST", 400, 1, 100000,
               "Requests from one client address above that rate at once [nginx]")
SETTING_NUMBER(client_connections, "CLIENT_CONNECTIONS", 200, 1, 100000,
               "Connections of one client address at once [nginx]")
SETTING_TEXT(trusted_proxies, "TRUSTED_PROXIES", "",
             "Addresses or networks of the proxies whose X-Forwarded-For is believed, with commas; empty: none [nginx]")
