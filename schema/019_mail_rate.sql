-- How much mail leaves, and how much of it is refused or called spam: SES stops who has too much of that.

-- +goose Up
-- A row a day (UTC), of all studios: they share one account at SES. Nothing of anybody.
CREATE TABLE mail_day (
    day        date PRIMARY KEY,
    sent       bigint NOT NULL CHECK (sent >= 0),        -- SES has taken so many
    bounced    bigint NOT NULL CHECK (bounced >= 0),     -- mailboxes that refused one for good, as heard on that day
    complained bigint NOT NULL CHECK (complained >= 0)   -- likewise, whose owners called one spam
);

-- +goose Down
DROP TABLE mail_day;
