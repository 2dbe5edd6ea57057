-- A shop of :customers verified customers and :sessions sessions that live, and the codes and mails of its last day. Indexes and
-- constraints are taken away first and made again at the end from their own definitions: what is left is as in production.
-- Everything can be found by its number: customer n signs in with the password of :hash, the cookie of session n is the SHA-256 of
-- its number. Sessions were used within the last twenty hours: see what the case says about their use.
BEGIN;
CREATE TEMP TABLE kept AS
SELECT conrelid::regclass AS place, conname AS name, pg_get_constraintdef(oid) AS definition,
       CASE contype WHEN 'f' THEN 1 ELSE 2 END AS turn
FROM pg_constraint
WHERE contype IN ('f', 'p', 'u')
  AND (conrelid IN ('storefront.customer'::regclass, 'storefront.session'::regclass)
       OR confrelid IN ('storefront.customer'::regclass, 'storefront.session'::regclass))
UNION ALL
SELECT indrelid::regclass, relname, pg_get_indexdef(indexrelid), 3
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid IN ('storefront.customer'::regclass, 'storefront.session'::regclass)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'));
SELECT CASE WHEN turn < 3 THEN format('ALTER TABLE %s DROP CONSTRAINT %I', place, name)
            ELSE format('DROP INDEX storefront.%I', name) END
FROM kept ORDER BY turn \gexec

TRUNCATE storefront.customer, storefront.session, storefront.one_time_code, storefront.outbox, storefront.rate_limit;
INSERT INTO storefront.customer (id, username, username_key, email, email_key, name, password_hash, language, is_verified,
                                 registered_at, held_until, verified_at)
SELECT md5(number::text)::uuid, 'customer' || number, 'customer' || number, 'customer' || number || '@example.com',
       'customer' || number || '@example.com', 'Customer ' || number,
       :'hash', 'en', true, moment, moment + interval '30 minutes', moment + interval '2 minutes'
FROM generate_series(1, :customers) AS number,
     LATERAL (SELECT storefront.now() - interval '3 years' * (1 - number::float8 / :customers) AS moment) AS made;
ALTER TABLE storefront.session DISABLE TRIGGER USER; -- it would ask for each customer one by one
INSERT INTO storefront.session (id, key, customer_id, username, name, email, verified_at, earlier_token, begun_at, used_at)
SELECT md5('session' || number)::uuid, sha256(sha256(number::text::bytea)), md5(owner::text)::uuid,
       'customer' || owner, 'Customer ' || owner, 'customer' || owner || '@example.com',
       storefront.now() - interval '3 years' * (1 - owner::float8 / :customers) + interval '2 minutes',
       sha256(('token' || number)::bytea), moment, storefront.now() - least(storefront.now() - moment, interval '20 hours') * random()
FROM generate_series(1, :sessions) AS number,
     LATERAL (SELECT storefront.now() - interval '13 days 12 hours' * (1 - number::float8 / :sessions) AS moment,
                     1 + number::bigint * 7919 % :customers AS owner) AS made;
ALTER TABLE storefront.session ENABLE TRIGGER USER;
COMMIT;

SELECT CASE turn WHEN 3 THEN definition ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', place, name, definition) END
FROM kept ORDER BY turn DESC \gexec

INSERT INTO storefront.one_time_code (id, customer_id, registration_id, email, nonce, digits, key_number, attempts_allowed,
                                      life_seconds, issued_at, mailed_at, handed_over_at, expires_at, used_at)
SELECT md5('code' || number)::uuid, md5(number::text)::uuid, gen_random_uuid(), 'customer' || number || '@example.com',
       sha256(number::text::bytea), 4, 1, 5, 600, moment, moment, moment, moment + interval '10 minutes',
       moment + interval '1 minute'
FROM generate_series(1, :customers / 100) AS number,
     LATERAL (SELECT storefront.now() - interval '1 day' * (1 - number::float8 * 100 / :customers) AS moment) AS made;
INSERT INTO storefront.outbox (id, code_id, language, queued_at, due_at, attempts, state, settled_at)
SELECT md5('mail' || code.id)::uuid, code.id, 'en', issued_at, issued_at, 1, 'sent', issued_at FROM storefront.one_time_code AS code;
UPDATE storefront.figures_until SET moment = storefront.now() - interval '5 minutes';
VACUUM (ANALYZE);
CHECKPOINT;
