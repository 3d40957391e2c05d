//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

<<<<<<< HEAD
mod hygiene;
=======
mod crud;
>>>>>>> wip-suite
mod model;
mod raw;
mod tour;
mod versions;
