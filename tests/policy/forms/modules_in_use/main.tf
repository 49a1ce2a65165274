# Expressions as published modules write them, for a plan without AWS.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
locals {
  name = "ex-big"
  azs  = slice(["eu-west-1a", "eu-west-1b", "eu-west-1c"], 0, 3)
  tags = {
    Name    = local.name
    Example = local.name
  }
  queues = {
    a = { fifo = true, tags = { k = "v" } }
    b = {}
    c = { create = false }
  }
  matrix = flatten([for k, v in { x = ["1", "2"], y = ["3"] } : [for i, e in v : { id = "${k}-${e}", pos = i }]])
}
module "vpc" {
  source          = "./modules/vpc"
  name            = local.name
  cidr            = "10.0.0.0/16"
  azs             = local.azs
  private_subnets = [for k, v in local.azs : cidrsubnet("10.0.0.0/16", 4, k)]
  public_subnets  = [for k, v in local.azs : cidrsubnet("10.0.0.0/16", 8, k + 48)]
  tags            = local.tags
  public_subnet_tags = {
    "kubernetes.io/role/elb" = 1
  }
}
module "svc" {
  source   = "./modules/svc"
  for_each = { for k, v in local.queues : k => v if try(v.create, true) }
  name     = "${local.name}-${each.key}"
  config   = each.value
  subnets  = module.vpc.private_subnets
  vpc_id   = module.vpc.vpc_id
}
resource "aws_sqs_queue" "matrix" {
  for_each      = { for m in local.matrix : m.id => m }
  name          = replace(each.key, "/[^a-z0-9]/", "_")
  delay_seconds = each.value.pos
  tags          = merge(local.tags, each.value.pos > 0 ? { more = "yes" } : {}, { for k, v in local.tags : lower(k) => upper(v) if k != "Name" })
}
resource "aws_iam_policy" "p" {
  name = format("%s-%03d", local.name, length(local.matrix))
  policy = templatefile("${path.module}/tpl/policy.json.tpl", {
    actions = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    arn     = "arn:aws:sqs:eu-west-1:123456789012:x"
  })
}
resource "aws_cloudwatch_log_group" "g" {
  count             = signum(length(local.azs))
  name              = join("/", compact(["", "aws", "", element(local.azs, 4)]))
  retention_in_days = lookup({ dev = 7, prod = 365 }, terraform.workspace == "default" ? "prod" : "dev", 14)
}
output "ids" {
  value = { for k, m in module.svc : k => m.arn }
}
