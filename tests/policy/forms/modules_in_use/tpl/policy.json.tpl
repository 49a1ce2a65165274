{
  "Version": "2012-10-17",
  "Statement": [
%{ for i, a in actions ~}
    { "Effect": "Allow", "Action": "${a}", "Resource": "${arn}" }%{ if i < length(actions) - 1 },%{ endif }
%{ endfor ~}
  ]
}
