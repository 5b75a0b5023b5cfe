//! Aggregates, estimates and statistics.
//!
//! Hides: nothing; it is a table.
//! Knows nothing of: how they are computed.

use super::{Function, entry};

pub(super) const FUNCTIONS: &[Function] = &[
    entry(
        "count",
        "count(*)",
        "how many rows; `count(x)` those with a value, `count(DISTINCT x)` different values",
    ),
    entry("count_if", "count_if(condition)", "for how many rows the condition is true"),
    entry("sum", "sum(x)", "the sum"),
    entry("avg", "avg(x)", "the mean"),
    entry("min", "min(x)", "the least value"),
    entry("max", "max(x)", "the greatest value"),
    entry("max_by", "max_by(x, y)", "x of the row with the greatest y"),
    entry("min_by", "min_by(x, y)", "x of the row with the least y"),
    entry("arbitrary", "arbitrary(x)", "some value"),
    entry("any_value", "any_value(x)", "some value"),
    entry(
        "approx_distinct",
        "approx_distinct(x)",
        "about how many different values; standard error 2.3 % or less",
    ),
    entry(
        "approx_percentile",
        "approx_percentile(x, p)",
        "about the value that the share p of all does not exceed (T-Digest)",
    ),
    entry("median", "median(x)", "the exact median"),
    entry("geometric_mean", "geometric_mean(x)", "the geometric mean"),
    entry("array_agg", "array_agg(x)", "all values as an array"),
    entry("string_agg", "string_agg(x, between)", "all texts joined"),
    entry("bool_and", "bool_and(condition)", "whether it is true for every row"),
    entry("every", "every(condition)", "the same"),
    entry("bool_or", "bool_or(condition)", "whether it is true for some row"),
    entry("bitwise_and_agg", "bitwise_and_agg(x)", "the bits that all values have"),
    entry("bitwise_or_agg", "bitwise_or_agg(x)", "the bits that some value has"),
    entry("stddev", "stddev(x)", "the standard deviation of a sample"),
    entry("stddev_samp", "stddev_samp(x)", "the same"),
    entry("stddev_pop", "stddev_pop(x)", "of all"),
    entry("variance", "variance(x)", "the variance of a sample"),
    entry("var_samp", "var_samp(x)", "the same"),
    entry("var_pop", "var_pop(x)", "of all"),
    entry("corr", "corr(y, x)", "the correlation"),
    entry("covar_pop", "covar_pop(y, x)", "the covariance of all"),
    entry("covar_samp", "covar_samp(y, x)", "of a sample"),
    entry("regr_slope", "regr_slope(y, x)", "the slope of the line through the points"),
    entry("regr_intercept", "regr_intercept(y, x)", "where that line meets zero"),
];
