"""Training of the next captioner: from annotations, with DINOv2's last layers; its weights are not shipped yet."""
