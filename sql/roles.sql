-- The roles of the database and what may be said of them before any table exists. Run by an administrator before the first
-- migration and before each update, in the shop's own database (psql -f sql/roles.sql): it needs CREATEROLE, not superuser.
-- Passwords, where the server asks for any, are set by the administrator. What each role may do with each table stands in the
-- migrations.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['storefront_owner', 'storefront_worker', 'storefront_mailer',
                                       'storefront_metrics'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role_name);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO storefront_owner', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

COMMENT ON ROLE storefront_owner IS 'Owns the tables and runs the migrations; no running process uses it.';
COMMENT ON ROLE storefront_worker IS 'The FastCGI workers and the purge: rows of accounts and sessions, no change of tables.';
COMMENT ON ROLE storefront_mailer IS 'The mailer: the outbox and the codes that it sends; no password, no session.';

COMMENT ON ROLE storefront_metrics IS 'The figures for operators: reads counts and dates of mails; no customer, no session.';

-- The worker's own deadline is shorter (STOREFRONT_DATABASE_DEADLINE_MS); these end what it has already given up, so
-- that no lock outlives the request that took it.
ALTER ROLE storefront_worker SET statement_timeout = '5s';
ALTER ROLE storefront_worker SET lock_timeout = '2s';
ALTER ROLE storefront_worker SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE storefront_mailer SET statement_timeout = '10s';
ALTER ROLE storefront_metrics SET statement_timeout = '10s';
ALTER ROLE storefront_metrics SET default_transaction_read_only = on;
ALTER ROLE storefront_mailer SET idle_in_transaction_session_timeout = '10s';
