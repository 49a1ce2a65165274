variable "create" {
  type    = bool
  default = true
}
variable "name" { default = "" }
variable "cidr" { type = string }
variable "azs" { default = [] }
variable "private_subnets" {
  type    = list(string)
  default = []
}
variable "public_subnets" { default = [] }
variable "single_nat_gateway" { default = false }
variable "one_nat_gateway_per_az" { default = true }
variable "enable_nat_gateway" { default = true }
variable "tags" {
  type    = map(string)
  default = {}
}
variable "public_subnet_tags" {
  type    = map(string)
  default = {}
}
variable "public_subnet_tags_per_az" { default = {} }
variable "private_subnet_names" { default = [] }
variable "sg_rules" {
  type = list(map(string))
  default = [
    { self = true, from_port = "0", to_port = "0", protocol = "-1" },
    { cidr_blocks = "10.0.0.0/8,172.16.0.0/12", from_port = "443", to_port = "443", protocol = "tcp", description = "tls" },
  ]
}
locals {
  len_public_subnets  = max(length(var.public_subnets))
  len_private_subnets = max(length(var.private_subnets))
  max_subnet_length   = max(local.len_private_subnets, local.len_public_subnets)
  create_public       = var.create && local.len_public_subnets > 0
  vpc_id              = try(aws_vpc.this[0].id, "")
  nat_gateway_count   = var.single_nat_gateway ? 1 : var.one_nat_gateway_per_az ? length(var.azs) : local.max_subnet_length
}
resource "aws_vpc" "this" {
  count                = var.create ? 1 : 0
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  tags                 = merge({ "Name" = var.name }, var.tags)
}
resource "aws_subnet" "public" {
  count                   = local.create_public && (!var.one_nat_gateway_per_az || local.len_public_subnets >= length(var.azs)) ? local.len_public_subnets : 0
  availability_zone       = length(regexall("^[a-z]{2}-", element(var.azs, count.index))) > 0 ? element(var.azs, count.index) : null
  availability_zone_id    = length(regexall("^[a-z]{2}-", element(var.azs, count.index))) == 0 ? element(var.azs, count.index) : null
  cidr_block              = element(concat(var.public_subnets, [""]), count.index)
  map_public_ip_on_launch = false
  vpc_id                  = local.vpc_id
  tags = merge(
    { Name = try(var.private_subnet_names[count.index], format("${var.name}-public-%s", element(var.azs, count.index))) },
    var.tags, var.public_subnet_tags,
    lookup(var.public_subnet_tags_per_az, element(var.azs, count.index), {})
  )
}
resource "aws_subnet" "private" {
  for_each          = { for i, c in var.private_subnets : var.azs[i] => c }
  availability_zone = each.key
  cidr_block        = each.value
  vpc_id            = aws_vpc.this[0].id
}
resource "aws_eip" "nat" {
  count  = var.create && var.enable_nat_gateway ? local.nat_gateway_count : 0
  domain = "vpc"
}
resource "aws_nat_gateway" "this" {
  count         = length(aws_eip.nat)
  allocation_id = element(aws_eip.nat[*].id, var.single_nat_gateway ? 0 : count.index)
  subnet_id     = element(aws_subnet.public.*.id, count.index)
}
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this[0].id
  dynamic "ingress" {
    for_each = var.sg_rules
    content {
      self        = lookup(ingress.value, "self", null)
      cidr_blocks = compact(split(",", lookup(ingress.value, "cidr_blocks", "")))
      description = lookup(ingress.value, "description", null)
      from_port   = lookup(ingress.value, "from_port", 0)
      to_port     = lookup(ingress.value, "to_port", 0)
      protocol    = lookup(ingress.value, "protocol", "-1")
    }
  }
}
output "vpc_id" { value = one(aws_vpc.this[*].id) }
output "private_subnets" { value = [for s in aws_subnet.private : s.id] }
output "public" { value = values({ for k, s in aws_subnet.public : k => s.arn }) }
