//! The whole system, as an operator runs it: the real program against a real gateway in network namespaces.
//!
//! The truth is a packet capture on both sides of the gateway. The tests need root; `cargo build --workspace` must have
//! built the program before.

mod system {
    mod clock;
    mod deployment;
    mod found;

    mod crash;
    mod degraded;
    mod flow_log;
    mod freshness;
    mod ledger;
    mod one_process;
    mod privileges;
    mod truth;
}
