//! The whole system in network namespaces.
