"""The networks, written with torch.nn after their publications; tensor names as davda54/sam and torchvision have them."""

from collections import OrderedDict

from torch import nn


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


class BasicUnit(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(OrderedDict([
            ("0_normalization", nn.BatchNorm2d(channels)), ("1_activation", nn.ReLU()),
            ("2_convolution", conv3(channels, channels)),
            ("3_normalization", nn.BatchNorm2d(channels)), ("4_activation", nn.ReLU()),
            ("6_convolution", conv3(channels, channels))]))

    def forward(self, x):
        return x + self.block(x)


class ProjectingUnit(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm_act = nn.Sequential(OrderedDict([
            ("0_normalization", nn.BatchNorm2d(inputs)), ("1_activation", nn.ReLU())]))
        self.block = nn.Sequential(OrderedDict([
            ("0_convolution", conv3(inputs, outputs, stride)),
            ("1_normalization", nn.BatchNorm2d(outputs)), ("2_activation", nn.ReLU()),
            ("4_convolution", conv3(outputs, outputs))]))
        self.downsample = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        x = self.norm_act(x)
        return self.block(x) + self.downsample(x)


class Stage(nn.Module):
    def __init__(self, inputs, outputs, stride, units):
        super().__init__()
        self.block = nn.Sequential(ProjectingUnit(inputs, outputs, stride), *(BasicUnit(outputs) for _ in range(units - 1)))

    def forward(self, x):
        return self.block(x)


class WideResNet(nn.Module):
    def __init__(self, depth, width, classes):
        super().__init__()
        units = (depth - 4) // 6
        self.f = nn.Sequential(OrderedDict([
            ("0_convolution", conv3(3, 16)),
            ("1_block", Stage(16, 16 * width, 1, units)),
            ("2_block", Stage(16 * width, 32 * width, 2, units)),
            ("3_block", Stage(32 * width, 64 * width, 2, units)),
            ("4_normalization", nn.BatchNorm2d(64 * width)), ("5_activation", nn.ReLU()),
            ("6_pooling", nn.AdaptiveAvgPool2d(1)), ("7_flattening", nn.Flatten()),
            ("8_classification", nn.Linear(64 * width, classes))]))

    def forward(self, x):
        return self.f(x)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv3(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv3(outputs, outputs), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample = nn.Identity() if inputs == outputs and stride == 1 else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + self.downsample(x))


class ResNet18(nn.Module):
    def __init__(self, classes, image_net_stem):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False) if image_net_stem else conv3(3, 64)
        self.bn1, self.relu = nn.BatchNorm2d(64), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if image_net_stem else nn.Identity()
        widths = [64, 64, 128, 256, 512]
        for stage in range(1, 5):
            inputs, outputs = widths[stage - 1], widths[stage]
            blocks = nn.Sequential(BasicBlock(inputs, outputs, 1 if stage == 1 else 2), BasicBlock(outputs, outputs, 1))
            self.add_module(f"layer{stage}", blocks)
        self.avgpool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.flatten(self.avgpool(x)))


def make_model(name, classes):
    if name.startswith("wrn-"):
        depth, width = (int(number) for number in name.split("-")[1:])
        return WideResNet(depth, width, classes)
    if name == "vit-n-4":
        from timm.models.vision_transformer import VisionTransformer  # slow to import
        return VisionTransformer(img_size=16, patch_size=4, num_classes=classes, embed_dim=64, depth=4, num_heads=4, mlp_ratio=2)
    return ResNet18(classes, image_net_stem=name.endswith("imagenet"))
