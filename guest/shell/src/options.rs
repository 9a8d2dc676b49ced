//! The setters of `connect-options`, which are the same in every version of the package.

/// Implements the generated `GuestConnectOptions`, which must be in scope, for `$resource`: a tuple of
/// one `RefCell` of the client's options. `$types` is the generated module of `types`.
#[macro_export]
macro_rules! connect_options {
    ($types:ident, $resource:ident) => {
        impl GuestConnectOptions for $resource {
            fn new() -> Self {
                Self(RefCell::default())
            }

            fn add_header(
                &self,
                name: $crate::String,
                value: $crate::Vec<u8>,
            ) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().add_header(&name, &value)?)
            }

            fn set_subprotocols(
                &self,
                subprotocols: $crate::Vec<$crate::String>,
            ) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_subprotocols(&subprotocols)?)
            }

            fn set_origin(
                &self,
                origin: Option<$crate::String>,
            ) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_origin(origin.as_deref())?)
            }

            fn add_roots(&self, pem: $crate::Vec<u8>) -> Result<u32, $types::InvalidArgument> {
                Ok(self.0.borrow_mut().add_roots(&pem)?)
            }

            fn remove_built_in_roots(&self) {
                self.0.borrow_mut().remove_built_in_roots();
            }

            fn set_connect_timeout(&self, nanos: u64) -> Result<(), $types::InvalidArgument> {
                let timeout = core::time::Duration::from_nanos(nanos);
                Ok(self.0.borrow_mut().set_connect_timeout(timeout)?)
            }

            fn set_close_timeout(&self, nanos: u64) -> Result<(), $types::InvalidArgument> {
                let timeout = core::time::Duration::from_nanos(nanos);
                Ok(self.0.borrow_mut().set_close_timeout(timeout)?)
            }

            fn set_pong_timeout(&self, nanos: u64) -> Result<(), $types::InvalidArgument> {
                let timeout = core::time::Duration::from_nanos(nanos);
                Ok(self.0.borrow_mut().set_pong_timeout(timeout)?)
            }

            fn set_ping_interval(&self, nanos: Option<u64>) -> Result<(), $types::InvalidArgument> {
                let interval = nanos.map(core::time::Duration::from_nanos);
                Ok(self.0.borrow_mut().set_ping_interval(interval)?)
            }

            fn set_max_message_size(&self, bytes: u64) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_message_size(bytes)?)
            }

            fn set_max_frame_size(&self, bytes: u64) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_frame_size(bytes)?)
            }

            fn set_max_fragments(&self, count: u32) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_fragments(count)?)
            }

            fn set_max_decompression_ratio(
                &self,
                ratio: u32,
            ) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_decompression_ratio(ratio)?)
            }

            fn set_deflate_offers(
                &self,
                offers: $crate::Vec<$types::DeflateOffer>,
            ) -> Result<(), $types::InvalidArgument> {
                let offers: Result<$crate::Vec<_>, $crate::client::InvalidArgument> = offers
                    .into_iter()
                    .map($crate::client::DeflateOffer::try_from)
                    .collect();
                Ok(self.0.borrow_mut().set_deflate_offers(offers?)?)
            }

            fn set_deflate_level(&self, level: u8) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_deflate_level(level)?)
            }

            fn set_deflate_threshold(&self, bytes: u64) {
                self.0.borrow_mut().set_deflate_threshold(bytes);
            }

            fn set_max_response_head(&self, bytes: u32) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_response_head(bytes)?)
            }

            fn set_max_buffered_amount(&self, bytes: u64) -> Result<(), $types::InvalidArgument> {
                Ok(self.0.borrow_mut().set_max_buffered_amount(bytes)?)
            }
        }
    };
}
