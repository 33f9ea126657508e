-- title: The customers with the highest turnover, by currency
-- chart: bar x=customer_id y=total
SELECT customer_id, currency, transactions, total
FROM (
    SELECT customer_id,
           currency,
           count(*) AS transactions,
           sum(amount) AS total,
           row_number() OVER (PARTITION BY currency ORDER BY sum(amount) DESC, customer_id) AS place
    FROM public.customer_transactions
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id, currency
) ranked
WHERE place <= 10
ORDER BY currency, place
