"""The HTTP face: every ability with a route, every stream with a channel, generated from the registry.

Nothing here describes an ability a second time. Arguments from path, query and body are put together
and checked by the one model that the ability itself has, so that every face says the same about the
same mistake; the OpenAPI document is made from those models too.
"""
