-- The answers of what was played or dismissed stand in `parked` alone; without them it would be done again.
UPDATE operations
SET outcome = json_extract(p.receipt, '$.outcome'), receipt = p.receipt
FROM parked p
WHERE p.receipt IS NOT NULL AND p.state <> 'waiting'
    AND operations.device_id = p.device_id AND operations.epoch = p.epoch AND operations.seq = p.seq;

DROP TABLE parked;
