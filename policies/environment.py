"""Which environment does a block belong to? Its tags say so, merged as the AWS provider merges them."""

from __future__ import annotations

from collections.abc import Mapping

from policies.terraform import Arguments, CannotDecide, shown

EPHEMERAL = "ephemeral"
"""The one class that DES relaxations are for."""
CLASS_TAG = "EnvironmentClass"
AUTOSCALING_GROUP = "aws_autoscaling_group"


def provider_of(conf: Arguments) -> Arguments | None:
    """The provider block that a resource is made by; None where Terraform makes up an empty default one.

    Raises: CannotDecide where the resource names a provider that is not declared.
    """
    if conf.block.kind == "provider":
        return conf
    stated = str(conf.values.get("provider") or "aws").strip("${} ")  # HCL takes a bare `aws.other` for a reference
    type_, _, alias = stated.partition(".")
    for provider in conf.of_kind("provider", type_):
        if (provider.values.get("alias") or "") == alias:
            return provider
    if conf.has("provider"):
        raise CannotDecide("provider", conf.values["provider"], "a provider that this configuration declares")
    return None


def own_tags(conf: Arguments) -> dict[str, str | None]:
    """The tags a resource states itself; those of an Auto Scaling group are `tag` blocks. Raises: CannotDecide."""
    if conf.block.type == AUTOSCALING_GROUP:
        return {str(tag.text("key")): tag.text("value") for tag in conf.blocks("tag")}
    tags = conf.value("tags")
    if tags is None:
        return {}
    if not isinstance(tags, Mapping) or any(isinstance(value, dict | list) for value in tags.values()):
        raise CannotDecide(conf.name_of("tags"), shown(tags), "a map of strings")
    return {str(key): None if value is None else str(value) for key, value in tags.items()}


def default_tags(provider: Arguments | None) -> dict[str, str | None]:
    """The tags that a provider gives every resource. Raises: CannotDecide."""
    block = provider.block_at("default_tags") if provider else None
    return own_tags(block) if block else {}


def effective_tags(conf: Arguments) -> dict[str, str | None]:
    """The tags AWS will show on a resource: its own over its provider's, without those the provider ignores.

    An Auto Scaling group gets no default tags.
    Raises: CannotDecide.
    Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#default_tags-configuration-block
    """
    provider = provider_of(conf)
    defaults = {} if conf.block.type == AUTOSCALING_GROUP else default_tags(provider)
    ignore = provider.block_at("ignore_tags") if provider else None
    keys = ignore.strings("keys") if ignore else []
    prefixes = tuple(ignore.strings("key_prefixes")) if ignore else ()
    merged = {**defaults, **own_tags(conf)}
    return {key: value for key, value in merged.items() if key not in keys and not key.startswith(prefixes)}


def suffix(conf: Arguments) -> str:
    """The environment suffix that the names of a configuration hold. Raises: CannotDecide where no tag tells it."""
    found = effective_tags(conf).get("EnvironmentSuffix")
    if not found or "${" in found:
        raise CannotDecide("tags.EnvironmentSuffix", found, "the suffix, on the resource or in default_tags")
    conf.note("EnvironmentSuffix", found)
    return found


def classes(conf: Arguments) -> list[str]:
    """The environment classes that a resource and its provider state, without repeats; usually one."""
    stated = (default_tags(provider_of(conf)), {} if conf.block.kind == "provider" else own_tags(conf))
    found = sorted({str(tags["EnvironmentClass"]) for tags in stated if tags.get("EnvironmentClass")})
    conf.note("EnvironmentClass", " and ".join(found) or None)
    return found


def is_ephemeral(conf: Arguments) -> bool:
    """Whether resource and provider agree on the ephemeral class; never, where the profile knows no classes.

    Raises: CannotDecide where neither states one.
    """
    if CLASS_TAG not in conf.profile.tag_vocabulary:
        return False
    found = classes(conf)
    if not found:
        raise CannotDecide("tags.EnvironmentClass", None, "the environment class, on the resource or in default_tags")
    return found == [EPHEMERAL]
