"""The published language: every event and RPC message that crosses a service boundary, as marshmallow schemas."""
