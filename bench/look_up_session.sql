SELECT customer_id FROM storefront.session WHERE key = $1::bytea
