terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "name" {
  type = string
}

variable "key_id" {
  type    = string
  default = null
}

resource "aws_sqs_queue" "this" {
  name                      = var.name
  kms_master_key_id         = var.key_id
  message_retention_seconds = 1209600
}
