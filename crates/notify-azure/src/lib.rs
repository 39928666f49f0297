//! File notification on Azure: Event Grid tells a Storage queue.
#![forbid(unsafe_code)]
