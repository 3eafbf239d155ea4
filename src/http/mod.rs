//! What surrounds both faces.
