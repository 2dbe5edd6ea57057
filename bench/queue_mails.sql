-- A backlog as the workers would leave it: :mails customers who have just registered, each with a live code and the mail that
-- brings it, asked for one after another.
WITH newcomer AS (
    SELECT number, gen_random_uuid() AS customer, gen_random_uuid() AS registration, gen_random_uuid() AS code,
           'backlog-' || :'run' || '-' || number AS name,
           storefront.now() - interval '1 minute' + number * interval '1 ms' AS moment
    FROM generate_series(1, :mails) AS number
), registered AS (
    INSERT INTO storefront.customer (id, username, username_key, email, email_key, name, password_hash, language,
                                     registration_id, registered_at, held_until)
    SELECT customer, name, name, name || '@example.com', name || '@example.com', 'Bench', 'none', 'en', registration, moment,
           moment + interval '30 minutes'
    FROM newcomer
), issued AS (
    INSERT INTO storefront.one_time_code (id, customer_id, registration_id, email, nonce, digits, key_number, attempts_allowed,
                                          life_seconds, issued_at, mailed_at, expires_at)
    SELECT code, customer, registration, name || '@example.com', uuid_send(gen_random_uuid()), 4, 1, 5, 600, moment, moment,
           moment + interval '1 day'
    FROM newcomer
)
INSERT INTO storefront.outbox (id, code_id, language, queued_at, due_at)
SELECT gen_random_uuid(), code, 'en', moment, moment FROM newcomer ORDER BY number;
