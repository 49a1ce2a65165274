# Good and bad resources in one configuration, written in every way that Terraform offers.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
  backend "local" {}
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "streams" {
  type = map(object({
    hours   = optional(number, 168)
    encrypt = optional(bool, true)
  }))
  default = {
    readings = {}
    events   = { hours = 24, encrypt = false }
  }
}

locals {
  suffix = "dev"
  tags = {
    CostCentre         = "CC-4711"
    DataClassification = "confidential"
    Environment        = "development"
    EnvironmentClass   = "ephemeral"
    EnvironmentSuffix  = local.suffix
    ManagedBy          = "cdktf"
    Owner              = "factory-platform"
    Project            = "sensor"
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = ["123456789012"]
  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "here" {}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.here.account_id}:root"]
    }
  }
}

resource "aws_kms_key" "data" {
  description             = "data"
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_key" "unrotated" {
  count                   = 1
  description             = "unrotated"
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kinesis_stream" "all" {
  for_each         = var.streams
  name             = "sensor-${each.key}-${local.suffix}"
  shard_count      = 1
  retention_period = each.value.hours
  encryption_type  = each.value.encrypt ? "KMS" : "NONE"
  kms_key_id       = each.value.encrypt ? aws_kms_key.data.arn : null
}

module "queues" {
  source   = "./modules/queue"
  for_each = toset(["raw", "dead"])
  name     = "sensor-${each.key}-${local.suffix}"
  key_id   = each.key == "raw" ? aws_kms_key.data.arn : null
}

resource "aws_cloudwatch_log_group" "short" {
  name              = "/sensor/${local.suffix}"
  retention_in_days = 14
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_iam_role" "task" {
  name = "sensor-task-${local.suffix}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

data "aws_iam_policy_document" "task" {
  statement {
    actions   = ["kinesis:GetRecords", "kinesis:GetShardIterator"]
    resources = [aws_kinesis_stream.all["readings"].arn]
  }
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "task" {
  name   = "sensor-task-${local.suffix}"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "sensor-${local.suffix}" }
}

resource "aws_security_group" "open" {
  name        = "sensor-open-${local.suffix}"
  description = "open on purpose"
  vpc_id      = aws_vpc.main.id
  dynamic "ingress" {
    for_each = [443, 5432]
    content {
      description = "port ${ingress.value}"
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

output "stream" {
  value = aws_kinesis_stream.all["readings"].name
}
