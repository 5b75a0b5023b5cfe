//! Published functions that are not offered, and what to do instead.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how errors are shown.

use super::LeftOut;

pub(super) const LEFT_OUT: &[LeftOut] = &[
    LeftOut { name: "ts_compare", instead: "write `compare`, which compares groups, too" },
    LeftOut { name: "ip_to_country", instead: "write `ip_to_country_code`" },
    LeftOut {
        name: "ip_to_country_geo",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_province",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_province_code",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_province_geo",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_city",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_city_code",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_city_geo",
        instead: "there is no map data; the field `dst-country` has the country of the destination",
    },
    LeftOut {
        name: "ip_to_provider",
        instead: "the field `dst-asn` has the autonomous system of the destination",
    },
    LeftOut {
        name: "ip_threat",
        instead: "there are no lists of threats; search for prefixes that you know, as in `dstaddr:(192.0.2.0/24 OR 198.51.100.0/24)`",
    },
    LeftOut {
        name: "ip_threat_tags",
        instead: "there are no lists of threats; search for prefixes that you know, as in `dstaddr:(192.0.2.0/24 OR 198.51.100.0/24)`",
    },
    LeftOut {
        name: "ip_threat_detail",
        instead: "there are no lists of threats; search for prefixes that you know, as in `dstaddr:(192.0.2.0/24 OR 198.51.100.0/24)`",
    },
    LeftOut { name: "checksum", instead: "compare `count(*)` and sums" },
    LeftOut { name: "parse_duration", instead: "write INTERVAL, as in `INTERVAL 5 MINUTE`" },
    LeftOut { name: "timezone_hour", instead: "moments are in UTC" },
    LeftOut { name: "timezone_minute", instead: "moments are in UTC" },
    LeftOut { name: "localtime", instead: "moments are in UTC; write `now()`" },
    LeftOut { name: "localtimestamp", instead: "moments are in UTC; write `now()`" },
    LeftOut { name: "current_time", instead: "write `now()`" },
    LeftOut { name: "format", instead: "write `concat` or `||`" },
    LeftOut { name: "normalize", instead: "texts of records are compared as they are" },
    LeftOut { name: "word_stem", instead: "records hold no prose" },
    LeftOut { name: "to_utf8", instead: "write `encode(text, 'hex')`" },
    LeftOut { name: "from_utf8", instead: "texts are UTF-8 already" },
    LeftOut { name: "url_extract_fragment", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_host", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_parameter", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_path", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_port", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_protocol", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_extract_query", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_encode", instead: "no field of a record holds a URL" },
    LeftOut { name: "url_decode", instead: "no field of a record holds a URL" },
    LeftOut {
        name: "reduce",
        instead: "write `array_sum(transform(array, x -> …))`, `array_max`, `array_min`, or an aggregate over the rows",
    },
    LeftOut { name: "sequence", instead: "it makes much from little" },
    LeftOut { name: "repeat", instead: "it makes much from little; `lpad` fills up to 1000 characters" },
    LeftOut { name: "range", instead: "it makes much from little" },
    LeftOut { name: "generate_series", instead: "it makes much from little" },
    LeftOut { name: "shuffle", instead: "write `ORDER BY random()`" },
    LeftOut { name: "zip", instead: "use one array at a time" },
    LeftOut { name: "zip_with", instead: "use one array at a time" },
    LeftOut { name: "cosine_similarity", instead: "records hold no vectors" },
    LeftOut { name: "width_bucket", instead: "write `floor((x - low) / width)`" },
    LeftOut { name: "bit_count", instead: "test single bits with `bitwise_and`" },
    LeftOut { name: "xxhash64", instead: "write `md5`" },
    LeftOut { name: "sha1", instead: "write `sha256`" },
    LeftOut { name: "try", instead: "write `try_cast`, or `nullif` around a divisor" },
    LeftOut { name: "overlay", instead: "write `concat` and `substr`" },
];
