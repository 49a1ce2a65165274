variable "name" {}
variable "config" {
  type = object({
    fifo   = optional(bool, false)
    tags   = optional(map(string), {})
    policy = optional(object({ effect = optional(string, "Deny"), ports = optional(list(number), [80, 443]) }), {})
  })
}
variable "subnets" { type = list(string) }
variable "vpc_id" {}
resource "aws_kms_key" "this" {
  count       = var.config.fifo ? 1 : 0
  description = "key of ${var.name}${var.config.fifo ? " (fifo)" : ""}"
}
resource "aws_sqs_queue" "this" {
  name              = var.config.fifo ? "${var.name}.fifo" : var.name
  fifo_queue        = var.config.fifo
  kms_master_key_id = try(aws_kms_key.this[0].arn, "alias/aws/sqs")
  tags              = length(var.config.tags) > 0 ? var.config.tags : null
}
data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = var.config.policy.ports
    content {
      sid       = "Port${statement.value}"
      effect    = var.config.policy.effect
      actions   = ["sqs:*"]
      resources = [aws_sqs_queue.this.arn]
      principals {
        type        = "*"
        identifiers = ["*"]
      }
      condition {
        test     = "Bool"
        variable = "aws:SecureTransport"
        values   = ["false"]
      }
    }
  }
}
resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.id
  policy    = data.aws_iam_policy_document.this.json
}
resource "aws_security_group" "this" {
  name   = var.name
  vpc_id = var.vpc_id
  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each          = toset([for p in var.config.policy.ports : tostring(p)])
  security_group_id = aws_security_group.this.id
  from_port         = each.value
  to_port           = each.key
  ip_protocol       = "tcp"
  cidr_ipv4         = "10.0.0.0/8"
}
output "arn" { value = aws_sqs_queue.this.arn }
