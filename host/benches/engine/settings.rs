//! The engine as the crate sets it up, and with one setting at a time as it could be.

use wasmtime::{Config, Engine, OptLevel, PoolingAllocationConfig};

/// How many instances a pool has room for.
const POOLED: u32 = 128;

/// An engine's settings, of which one differs from the crate's.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    change: fn(&mut Config),
}

impl Setting {
    const fn new(name: &'static str, change: fn(&mut Config)) -> Self {
        Self { name, change }
    }

    pub(crate) fn engine(&self) -> Engine {
        let mut config = Config::new();
        // As in src/runtime.rs.
        config.concurrency_support(false).epoch_interruption(true);
        (self.change)(&mut config);
        Engine::new(&config).expect("an engine")
    }
}

/// All of them; first the one that the others are compared with.
pub(crate) const SETTINGS: [Setting; 15] = [
    Setting::new("as the crate has it", |_| {}),
    Setting::new("`cranelift_opt_level(None)`", |config| {
        config.cranelift_opt_level(OptLevel::None);
    }),
    Setting::new("`cranelift_opt_level(SpeedAndSize)`", |config| {
        config.cranelift_opt_level(OptLevel::SpeedAndSize);
    }),
    Setting::new("a pool, as the crate has it", |config| {
        config.allocation_strategy(pool(0));
    }),
    Setting::new("a pool, `max_unused_warm_slots(100)`", |config| {
        config.allocation_strategy(pool(100));
    }),
    Setting::new("a pool, warm, 64 KiB of each kept", |config| {
        let mut pool = pool(100);
        pool.linear_memory_keep_resident(64 << 10)
            .async_stack_keep_resident(64 << 10)
            .table_keep_resident(64 << 10);
        config.allocation_strategy(pool);
    }),
    Setting::new("`memory_init_cow(false)`", |config| {
        config.memory_init_cow(false);
    }),
    Setting::new("`memory_reservation` of 256 MiB", |config| {
        config.memory_reservation(256 << 20);
    }),
    Setting::new("no reservation, no guard regions", |config| {
        config
            .memory_reservation(0)
            .memory_guard_size(0)
            .memory_reservation_for_growth(1 << 20);
    }),
    Setting::new("`signals_based_traps(false)`", |config| {
        config.signals_based_traps(false);
    }),
    Setting::new("`epoch_interruption(false)`", |config| {
        config.epoch_interruption(false);
    }),
    Setting::new("fuel in place of epochs", |config| {
        config.epoch_interruption(false).consume_fuel(true);
    }),
    Setting::new("`async_stack_size` of 256 KiB", |config| {
        config.max_wasm_stack(128 << 10).async_stack_size(256 << 10);
    }),
    Setting::new("`async_stack_size` of 8 MiB", |config| {
        config.async_stack_size(8 << 20);
    }),
    Setting::new("`concurrency_support(true)`", |config| {
        config.concurrency_support(true);
    }),
];

/// As in src/pool.rs, but for how many slots keep what the last instance had of the component.
fn pool(warm: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOLED)
        .total_core_instances(8 * POOLED)
        .total_memories(POOLED)
        .total_tables(2 * POOLED)
        .total_stacks(POOLED)
        .max_unused_warm_slots(warm);
    pool
}
