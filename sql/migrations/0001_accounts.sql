-- Accounts, their one-time codes and mails, sessions and limits. Times are the database's own (storefront.now()), never
-- a worker's, so that workers on many hosts agree on what has run out.

GRANT USAGE ON SCHEMA storefront TO storefront_worker, storefront_mailer;

CREATE FUNCTION storefront.now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CURRENT_TIMESTAMP;

COMMENT ON FUNCTION storefront.now() IS
    'The time by which everything is judged. One place, so that a test can move it.';

CREATE FUNCTION storefront.limit_wait(events timestamptz[], maximum bigint, seconds bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN cardinality(events) < maximum THEN 0
        ELSE greatest(0, ceil(extract(epoch FROM
                 events[cardinality(events) - maximum + 1] + make_interval(secs => seconds) - storefront.now())))::bigint
    END;

COMMENT ON FUNCTION storefront.limit_wait(timestamptz[], bigint, bigint) IS
    'Seconds until one more event, after these in order of time, is no more than "maximum" within "seconds"; 0: now.';

CREATE TABLE storefront.customer (
    id                 uuid PRIMARY KEY,
    username           text NOT NULL,
    username_key       text NOT NULL UNIQUE,
    email              text NOT NULL,
    email_key          text NOT NULL UNIQUE,
    name               text NOT NULL,
    password_hash      text NOT NULL,
    language           text NOT NULL,
    is_verified        boolean NOT NULL DEFAULT false,
    registration_id    uuid UNIQUE,
    registration_token bytea,
    registered_at      timestamptz NOT NULL,
    held_until         timestamptz NOT NULL,
    verified_at        timestamptz,
    CHECK (is_verified = (registration_id IS NULL)),
    CHECK (is_verified = (verified_at IS NOT NULL))
);

CREATE INDEX customer_unverified ON storefront.customer (registered_at) WHERE NOT is_verified;

COMMENT ON TABLE storefront.customer IS
    'Everybody who has registered. An unverified one keeps its names from others for a while, then a newcomer may take them.';
COMMENT ON COLUMN storefront.customer.id IS 'Never changes and is never used again; the shop may keep it.';
COMMENT ON COLUMN storefront.customer.username IS 'As shown: NFKC of what was typed.';
COMMENT ON COLUMN storefront.customer.username_key IS 'NFKC case folding of it; no two customers share one.';
COMMENT ON COLUMN storefront.customer.email IS 'The mail address as typed, its domain in ASCII; mail goes here.';
COMMENT ON COLUMN storefront.customer.email_key IS 'The mail address with ASCII letters in lower case; no two customers share one.';
COMMENT ON COLUMN storefront.customer.name IS 'What the customer wants to be called.';
COMMENT ON COLUMN storefront.customer.password_hash IS 'Argon2id as a PHC string.';
COMMENT ON COLUMN storefront.customer.language IS 'Language of the registration; its mails are written in it.';
COMMENT ON COLUMN storefront.customer.is_verified IS 'True once the mail address was proved by a code.';
COMMENT ON COLUMN storefront.customer.registration_id IS
    'The registration that awaits its code; a new one whenever it is mended, none once verified. Sessions point at it, and lose it with it.';
COMMENT ON COLUMN storefront.customer.registration_token IS
    'SHA-256 of the csrftoken that the registration came with: tells a double click from another browser.';
COMMENT ON COLUMN storefront.customer.registered_at IS 'When this registration was made or last mended.';
COMMENT ON COLUMN storefront.customer.held_until IS 'Until then an unverified customer keeps its names; mending does not prolong it.';
COMMENT ON COLUMN storefront.customer.verified_at IS 'When the mail address was proved: "member since".';

CREATE TABLE storefront.one_time_code (
    id               uuid PRIMARY KEY,
    customer_id      uuid NOT NULL REFERENCES storefront.customer ON DELETE CASCADE,
    registration_id  uuid NOT NULL,
    email            text NOT NULL,
    nonce            bytea NOT NULL,
    digits           smallint NOT NULL CHECK (digits BETWEEN 4 AND 8),
    key_number       smallint NOT NULL,
    attempts         smallint NOT NULL DEFAULT 0,
    attempts_allowed smallint NOT NULL,
    life_seconds     integer NOT NULL,
    issued_at        timestamptz NOT NULL,
    mailed_at        timestamptz NOT NULL,
    handed_over_at   timestamptz,
    expires_at       timestamptz NOT NULL,
    used_at          timestamptz,
    replaced_at      timestamptz
);

CREATE INDEX one_time_code_customer ON storefront.one_time_code (customer_id);
CREATE UNIQUE INDEX one_time_code_live ON storefront.one_time_code (customer_id)
    WHERE used_at IS NULL AND replaced_at IS NULL;

COMMENT ON TABLE storefront.one_time_code IS
    'The facts from which a code is derived with the secret key; the code itself stands nowhere. At most one is live for a customer.';
COMMENT ON COLUMN storefront.one_time_code.id IS 'Part of what the code is derived from.';
COMMENT ON COLUMN storefront.one_time_code.customer_id IS 'Whose code it is; gone with the customer.';
COMMENT ON COLUMN storefront.one_time_code.registration_id IS 'The registration that it proves, fixed when it is made.';
COMMENT ON COLUMN storefront.one_time_code.email IS 'The mail address that it goes to and proves, fixed when it is made.';
COMMENT ON COLUMN storefront.one_time_code.nonce IS 'Random; makes each code unlike the last.';
COMMENT ON COLUMN storefront.one_time_code.digits IS 'Length of the code.';
COMMENT ON COLUMN storefront.one_time_code.key_number IS 'The secret key that it is derived with.';
COMMENT ON COLUMN storefront.one_time_code.attempts IS 'Wrong tries so far.';
COMMENT ON COLUMN storefront.one_time_code.attempts_allowed IS 'Wrong tries that end it.';
COMMENT ON COLUMN storefront.one_time_code.life_seconds IS 'How long it lives from its first hand-over to the mail server.';
COMMENT ON COLUMN storefront.one_time_code.issued_at IS 'When it was made.';
COMMENT ON COLUMN storefront.one_time_code.mailed_at IS 'When a mail with it was last put into the outbox; the cool-down counts from here.';
COMMENT ON COLUMN storefront.one_time_code.handed_over_at IS 'When the mail server first took a mail with it; none yet: NULL.';
COMMENT ON COLUMN storefront.one_time_code.expires_at IS 'When it ends: a day after it was made, or its life after the first hand-over.';
COMMENT ON COLUMN storefront.one_time_code.used_at IS 'When it proved the mail address.';
COMMENT ON COLUMN storefront.one_time_code.replaced_at IS 'When a newer one took its place.';

CREATE TABLE storefront.outbox (
    id         uuid PRIMARY KEY,
    code_id    uuid NOT NULL REFERENCES storefront.one_time_code ON DELETE CASCADE,
    language   text NOT NULL,
    queued_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    state      text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'dropped', 'refused')),
    settled_at timestamptz,
    reason     text
);

CREATE INDEX outbox_due ON storefront.outbox (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_code ON storefront.outbox (code_id);
CREATE INDEX outbox_settled ON storefront.outbox (settled_at) WHERE state NOT IN ('queued', 'sending');

COMMENT ON TABLE storefront.outbox IS
    'Mails to be sent, written in the transaction of the deed that causes them. Holds no code, no address and no words.';
COMMENT ON COLUMN storefront.outbox.id IS 'Also the mail''s Message-ID, so that a second copy is known as one.';
COMMENT ON COLUMN storefront.outbox.code_id IS 'The code that the mail brings.';
COMMENT ON COLUMN storefront.outbox.language IS 'The language that it is written in.';
COMMENT ON COLUMN storefront.outbox.queued_at IS 'When it was asked for.';
COMMENT ON COLUMN storefront.outbox.due_at IS 'Not before then; while it is being sent: when another mailer may take it over.';
COMMENT ON COLUMN storefront.outbox.attempts IS 'How often a mailer took it in hand.';
COMMENT ON COLUMN storefront.outbox.state IS
    'queued; sending: a mailer has it in hand; sent: the mail server took it; dropped: its code was dead; refused: the mail server will never take it.';
COMMENT ON COLUMN storefront.outbox.settled_at IS 'When it was sent, dropped or refused.';
COMMENT ON COLUMN storefront.outbox.reason IS 'The mail server''s status of the last failure, for the operator.';

CREATE TABLE storefront.session (
    id                      uuid PRIMARY KEY,
    key                     bytea NOT NULL UNIQUE,
    customer_id             uuid REFERENCES storefront.customer ON DELETE CASCADE,
    pending_registration_id uuid REFERENCES storefront.customer (registration_id)
                                ON DELETE SET NULL ON UPDATE SET NULL,
    earlier_token           bytea,
    data                    jsonb NOT NULL DEFAULT '{}',
    begun_at                timestamptz NOT NULL,
    used_at                 timestamptz NOT NULL
);

CREATE INDEX session_customer ON storefront.session (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX session_pending ON storefront.session (pending_registration_id) WHERE pending_registration_id IS NOT NULL;
CREATE INDEX session_used ON storefront.session (used_at);

COMMENT ON TABLE storefront.session IS 'Browsers of which something must be remembered; a mere visitor has no row.';
COMMENT ON COLUMN storefront.session.id IS 'Stays when the cookie changes; limits for a session count under it.';
COMMENT ON COLUMN storefront.session.key IS 'SHA-256 of the cookie; the cookie itself is only in the browser.';
COMMENT ON COLUMN storefront.session.customer_id IS 'Who is signed in; nobody: NULL.';
COMMENT ON COLUMN storefront.session.pending_registration_id IS
    'The registration whose code may be typed here; shown as pending_verification_username. Ends by itself when the registration is mended elsewhere, taken over, verified or deleted.';
COMMENT ON COLUMN storefront.session.earlier_token IS
    'SHA-256 of the csrftoken by which the session came to be: stays good for register and login, for double clicks and second tabs.';
COMMENT ON COLUMN storefront.session.data IS 'What else the shop remembers of the browser, say a cart; kept at sign-in.';
COMMENT ON COLUMN storefront.session.begun_at IS 'When it began, or was signed in; its longest life counts from here.';
COMMENT ON COLUMN storefront.session.used_at IS 'When it was last used, to within some minutes.';

CREATE TABLE storefront.rate_limit (
    key       bytea PRIMARY KEY,
    events    timestamptz[] NOT NULL,
    forget_at timestamptz NOT NULL
);

CREATE INDEX rate_limit_forget ON storefront.rate_limit (forget_at);

COMMENT ON TABLE storefront.rate_limit IS 'What was done lately, for limits that all workers share.';
COMMENT ON COLUMN storefront.rate_limit.key IS 'What is limited, as a keyed digest of fixed size: no name or address can be read from it.';
COMMENT ON COLUMN storefront.rate_limit.events IS 'When it was done, oldest first; no more than the limit needs.';
COMMENT ON COLUMN storefront.rate_limit.forget_at IS 'When none of them counts any more.';

CREATE TABLE storefront.mailbox_caution (
    mailbox     bytea PRIMARY KEY,
    wrong_tries timestamptz[] NOT NULL,
    is_raised   boolean NOT NULL,
    forget_at   timestamptz NOT NULL
);

CREATE INDEX mailbox_caution_forget ON storefront.mailbox_caution (forget_at);

COMMENT ON TABLE storefront.mailbox_caution IS 'Mailboxes whose codes were guessed at: their next codes are longer.';
COMMENT ON COLUMN storefront.mailbox_caution.mailbox IS 'The mail address in lower case without its +tag, as a keyed digest.';
COMMENT ON COLUMN storefront.mailbox_caution.wrong_tries IS 'When wrong codes were tried, oldest first; no more than the rule needs.';
COMMENT ON COLUMN storefront.mailbox_caution.is_raised IS 'True from enough wrong tries in a day on, until a day without one.';
COMMENT ON COLUMN storefront.mailbox_caution.forget_at IS 'A day after the last wrong try.';

GRANT SELECT, INSERT, UPDATE, DELETE ON storefront.customer, storefront.one_time_code, storefront.session,
    storefront.rate_limit, storefront.mailbox_caution TO storefront_worker;
GRANT SELECT, INSERT, DELETE, UPDATE (due_at) ON storefront.outbox TO storefront_worker;

GRANT SELECT, UPDATE (due_at, attempts, state, settled_at, reason) ON storefront.outbox TO storefront_mailer;
GRANT SELECT, UPDATE (handed_over_at, expires_at) ON storefront.one_time_code TO storefront_mailer;
