-- title: Transactions by day and currency
-- chart: line x=transaction_date y=total
SELECT transaction_date,
       currency,
       count(*) AS transactions,
       sum(amount) AS total,
       round(avg(amount), 2) AS average
FROM public.customer_transactions
GROUP BY transaction_date, currency
ORDER BY transaction_date, currency
