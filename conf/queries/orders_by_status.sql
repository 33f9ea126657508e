-- title: Orders by status
-- chart: bar x=status y=orders
SELECT o.status,
       count(*) AS orders,
       sum(o.total) AS total,
       sum(i.items) AS items
FROM public.orders o
LEFT JOIN (
    SELECT order_id, sum(quantity) AS items FROM public.order_items GROUP BY order_id
) i ON i.order_id = o.order_id
GROUP BY o.status
ORDER BY orders DESC, o.status
